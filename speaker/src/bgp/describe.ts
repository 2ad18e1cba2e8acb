import { wellKnownCommunities } from "@berth/api/eipBgp";
import { formatAddress } from "../net/address.ts";
import type { Aggregator, AsSegment } from "./asPath.ts";
import type { Attributes, ReceivedAttributes } from "./attributes.ts";

/** A path attribute in words. */
export interface DescribedAttribute {
  /** As the RFC that defines it writes it. */
  readonly name: string;
  readonly value: string;
}

type Shown = Exclude<keyof Attributes, "nextHop" | "mpReach" | "mpUnreach">;
type Describer<N extends Shown> = readonly [name: string, describe: (value: Attributes[N]) => string];

const hex = (octets: Uint8Array): string => `0x${[...octets].map((octet) => octet.toString(16).padStart(2, "0")).join("")}`;
const aggregator = ({ as, address }: Aggregator): string => `AS ${as}, ${formatAddress(address)}`;

/** Every attribute that a route may carry besides where it leads, in the order of their codes. @see RFC 4271 §5 */
const describers: { readonly [N in Shown]: Describer<N> } = {
  origin: ["ORIGIN", (value) => value],
  asPath: ["AS_PATH", formatAsPath],
  med: ["MULTI_EXIT_DISC", String],
  localPref: ["LOCAL_PREF", String],
  atomicAggregate: ["ATOMIC_AGGREGATE", () => "set"],
  aggregator: ["AGGREGATOR", aggregator],
  communities: ["COMMUNITIES", (value) => value.map(formatCommunity).join(" ")],
  originatorId: ["ORIGINATOR_ID", formatAddress],
  clusterList: ["CLUSTER_LIST", (value) => value.map(formatAddress).join(" ")],
  extendedCommunities: ["EXTENDED COMMUNITIES", (value) => value.map(formatExtendedCommunity).join(" ")],
  as4Path: ["AS4_PATH", formatAsPath],
  as4Aggregator: ["AS4_AGGREGATOR", aggregator],
  pmsiTunnel: ["PMSI_TUNNEL", hex],
  tunnelEncapsulation: ["TUNNEL_ENCAPSULATION", hex],
  trafficEngineering: ["TRAFFIC_ENGINEERING", hex],
  ipv6ExtendedCommunities: ["IPv6 EXTENDED COMMUNITIES", (value) => value.map(hex).join(" ")],
  aigp: ["AIGP", hex],
  linkState: ["BGP-LS", hex],
  largeCommunities: ["LARGE_COMMUNITY", (value) => value.map((parts) => parts.join(":")).join(" ")],
  onlyToCustomer: ["ONLY_TO_CUSTOMER", (value) => `AS ${value}`],
  prefixSid: ["PREFIX_SID", hex],
  attributeSet: ["ATTR_SET", hex],
};

/** The attributes of a route in words, in the order of their codes. */
export function describeAttributes(attributes: ReceivedAttributes): DescribedAttribute[] {
  return (Object.keys(describers) as Shown[]).flatMap((name) => describeOne(name, attributes[name]));
}

function describeOne<N extends Shown>(name: N, value: Attributes[N] | undefined): DescribedAttribute[] {
  if (value === undefined) return [];
  const [label, describe]: Describer<N> = describers[name];
  const text = describe(value);
  return text === "" ? [] : [{ name: label, value: text }];
}

/** An AS path as operators write it: sets in braces, parts of a confederation in parentheses and brackets. @see RFC 5065 §3 */
export function formatAsPath(path: readonly AsSegment[]): string {
  const around = {
    sequence: ["", " ", ""],
    set: ["{", ",", "}"],
    confederationSequence: ["(", " ", ")"],
    confederationSet: ["[", ",", "]"],
  } as const;
  return path
    .map(({ type, as }) => {
      const [open, between, close] = around[type];
      return `${open}${as.join(between)}${close}`;
    })
    .join(" ");
}

/** The text of a community: its name where it has one. */
export function formatCommunity(community: number): string {
  const named = Object.entries(wellKnownCommunities).find(([, number]) => number === community)?.[0];
  return named ?? `${Math.floor(community / 0x10000)}:${community % 0x10000}`;
}

/**
 * The text of an extended community of eight octets: route targets and origins, link bandwidth and colour by name, others in hexadecimal digits.
 * @see RFC 4360 §3, RFC 5668 §2, RFC 9012 §4.3, draft-ietf-idr-link-bandwidth
 */
export function formatExtendedCommunity(community: bigint): string {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, community);
  // The second bit says whether other networks pass it on; the kind is the same.
  const kind = view.getUint8(0) & 0xbf;
  const subtype = view.getUint8(1);
  if (kind === 0x00 && subtype === 0x04) return `bandwidth:${view.getUint16(2)}:${bitRate(view.getFloat32(4) * 8)}`;
  if (kind === 0x03 && subtype === 0x0b) return `color:${view.getUint32(4)}`;
  const name = { 2: "target", 3: "origin" }[subtype];
  if (name !== undefined && kind === 0x00) return `${name}:${view.getUint16(2)}:${view.getUint32(4)}`;
  if (name !== undefined && kind === 0x01)
    return `${name}:${formatAddress({ family: 4, value: BigInt(view.getUint32(2)) })}:${view.getUint16(6)}`;
  if (name !== undefined && kind === 0x02) return `${name}:${view.getUint32(2)}:${view.getUint16(6)}`;
  return `0x${community.toString(16).padStart(16, "0")}`;
}

function bitRate(bits: number): string {
  const units = ["bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s"];
  let [value, unit] = [bits, 0];
  while (value >= 1000 && unit < units.length - 1) [value, unit] = [value / 1000, unit + 1];
  return `${Number(value.toPrecision(4))}${units[unit]}`;
}
