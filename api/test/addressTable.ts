/**
 * Every kind of text that may stand in Eip.spec.address, addresses and exclude, and its one answer. The API server (CEL), the controller
 * and `pulumi preview` are each tested with this table. Rows P1 to P16 and "GetSize" are those of OpenELB's own parsers.
 */
export interface AddressRow {
  readonly row: string;
  readonly text: string;
  /** First and last address, and how many there are; or what the refusal says after the text. */
  readonly answer: { readonly first: string; readonly last: string; readonly size: bigint } | { readonly refusal: RegExp };
}

const taken = (row: string, text: string, first: string, last: string, size: bigint): AddressRow => ({
  row,
  text,
  answer: { first, last, size },
});
const refused = (row: string, text: string, refusal = /is not an address \(192\.0\.2\.1\), a CIDR/): AddressRow => ({
  row,
  text,
  answer: { refusal },
});
const reversed = /is reversed; a range starts with its lower end/;
const mixed = /mixes IPv4 and IPv6; both ends of a range must be of one family/;

export const addressTable: readonly AddressRow[] = [
  taken("P1", "192.0.2.0", "192.0.2.0", "192.0.2.0", 1n),
  taken("P2", "192.0.2.0-192.0.2.10", "192.0.2.0", "192.0.2.10", 11n),
  refused("P3", "192.0.2.10-192.0.2.0", reversed),
  taken("P4", "192.0.2.0-192.0.2.0", "192.0.2.0", "192.0.2.0", 1n),
  taken("P5", "192.0.2.10/24", "192.0.2.0", "192.0.2.255", 256n),
  taken("P6", "192.0.2.0/31", "192.0.2.0", "192.0.2.1", 2n),
  taken("P6", "192.0.2.0/32", "192.0.2.0", "192.0.2.0", 1n),
  taken("P6", "192.0.2.0/30", "192.0.2.0", "192.0.2.3", 4n),
  refused("P8", "192.0.2.0/"),
  refused("P8", "192.0.2.0/99"),
  refused("P8", "192.0.2.0/mask"),
  refused("P8", "192.0.2."),
  taken("P9 netmask", "192.0.2.10/255.255.255.0", "192.0.2.0", "192.0.2.255", 256n),
  taken("P9 netmask", "192.0.2.7/255.255.255.255", "192.0.2.7", "192.0.2.7", 1n),
  taken("P9 netmask", "10.9.8.7/255.240.0.0", "10.0.0.0", "10.15.255.255", 1048576n),
  refused("P10", "192.0.2.0/255.255.0.254"),
  refused("P10", "192.0.2.0/0.0.0.255"),
  taken("P11", "2001:db8::0/126", "2001:db8::", "2001:db8::3", 4n),
  taken("P11", "2001:db8::/127", "2001:db8::", "2001:db8::1", 2n),
  taken("P11", "2001:db8::/128", "2001:db8::", "2001:db8::", 1n),
  taken("P12", "2001:db8::/64", "2001:db8::", "2001:db8::ffff:ffff:ffff:ffff", 18446744073709551616n),
  refused("P13", "2001:db8::10-2001:db8::", reversed),
  refused("P13", "2001:db8"),
  refused("P13", "2001:db8::/999"),
  refused("P13", "2001:db8::/"),
  taken("P14 range of IPv6", "2001:db8::9-2001:db8::1:0", "2001:db8::9", "2001:db8::1:0", 65528n),
  refused("P15", "2001:db8::/255.255.255.0"),
  taken("GetSize", "192.168.0.1/24", "192.168.0.0", "192.168.0.255", 256n),
  taken("GetSize", "10.0.0.0/31", "10.0.0.0", "10.0.0.1", 2n),
  taken("GetSize", "0.0.0.0/0", "0.0.0.0", "255.255.255.255", 4294967296n),
  taken("GetSize", "fd00::/64", "fd00::", "fd00::ffff:ffff:ffff:ffff", 18446744073709551616n),
  taken("GetSize", "fd00::/65", "fd00::", "fd00::7fff:ffff:ffff:ffff", 9223372036854775808n),
  taken("GetSize", "fd00::/66", "fd00::", "fd00::3fff:ffff:ffff:ffff", 4611686018427387904n),
  taken("GetSize", "fd00::/128", "fd00::", "fd00::", 1n),
  refused("GetSize", "192.168.0.9-192.168.0.1", reversed),
  refused("GetSize", "fd00::1-192.168.0.1", mixed),
  refused("GetSize", "192.168.0.1-fd00::1", mixed),
  refused("GetSize", "fd00::1-::1", reversed),
  refused("GetSize", "192.0.2.1-192.0.2.2-192.0.2.3"),
  refused("GetSize", "192.0.2.1 - 192.0.2.2"),
  refused("GetSize", "192.0.2.1,192.0.2.2"),
  refused("GetSize", "192.0.2.1/33"),
  refused("GetSize", "010.0.0.1"),
  refused("GetSize", "::ffff:10.0.0.1"),
  taken("host bits of IPv6", "2001:db8::7/112", "2001:db8::", "2001:db8::ffff", 65536n),
  taken(
    "every address of IPv6",
    "::/0",
    "::",
    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    340282366920938463463374607431768211456n,
  ),
  taken("upper case", "2001:DB8::A-2001:DB8::F", "2001:db8::a", "2001:db8::f", 6n),
  taken("not shortened", "2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8::1", "2001:db8::1", 1n),
  taken("an embedded IPv4 address that is not mapped", "64:ff9b::192.0.2.33", "64:ff9b::c000:221", "64:ff9b::c000:221", 1n),
  refused("leading zeros of a length", "192.0.2.0/024"),
  refused("leading zeros of a netmask", "192.0.2.0/255.255.255.000"),
  refused("leading zeros in a range", "192.0.2.1-192.0.2.009"),
  refused("leading zeros of IPv6", "2001:0db8:00000::1"),
  refused("mapped, in hexadecimal", "::ffff:a00:1"),
  refused("mapped, as a CIDR", "::ffff:10.0.0.0/104"),
  refused("mapped, in a range", "::ffff:10.0.0.1-::ffff:10.0.0.9"),
  refused("a zone", "fe80::1%eth0"),
  refused("a zone in a range", "fe80::1%eth0-fe80::9%eth0"),
  refused("a blank at the end", "192.0.2.1 "),
  refused("a blank in front", " 192.0.2.0/24"),
  refused("a name", "office.example"),
  refused("three octets", "192.0.2"),
  refused("an octet too high", "192.0.2.256"),
  refused("a short range", "192.0.2.1-9"),
  refused("half a range", "192.0.2.1-"),
  refused("a range of CIDRs", "192.0.2.0/25-192.0.2.128/25"),
  refused("a range with a length", "192.0.2.1-192.0.2.9/24"),
  refused("two lengths", "192.0.2.0/24/25"),
  refused("a negative length", "192.0.2.0/-1"),
  refused("a port", "192.0.2.1:80"),
  refused("brackets", "[2001:db8::1]"),
  refused("a wildcard", "192.0.2.*"),
];
