import { header, isNetwork, ofFamily, passwordPlaceholder, type RouterSide, smallName } from "./model.ts";

/** The configuration of MikroTik RouterOS 7. @see https://help.mikrotik.com/docs/spaces/ROS/pages/328220/BGP */
export function mikrotik(side: RouterSide): string {
  const name = smallName(side, "-");
  const isInternal = side.routerAs === side.speakersAs;
  const rules = side.families.flatMap((family) =>
    ofFamily(side, family).map(({ prefix, from, to }) => {
      const length = from === to ? `dst-len == ${from}` : `dst-len in ${from}-${to}`;
      return `add chain=${name}-in rule="if (dst in ${prefix} && ${length}) { accept }"`;
    }),
  );
  const families = side.families.map((family) => (family === 4 ? "ip" : "ipv6")).join(",");
  const shared = [
    `as=${side.routerAs}`,
    ...(side.routerAddress.includes(":") ? [] : [`router-id=${side.routerAddress}`]),
    `address-families=${families}`,
    `hold-time=${side.holdTime}s`,
    `keepalive-time=${side.keepalive}s`,
    ...(side.multihop === undefined ? [] : ["multihop=yes"]),
    ...(side.bfd === undefined ? [] : ["use-bfd=yes"]),
    `input.filter=${name}-in`,
    `output.filter-chain=${name}-out`,
  ];
  const connection = (node: string, index: number): string =>
    [
      `add name=${name}-${index + 1} templates=${name}`,
      `local.address=${side.routerAddress} local.role=${isInternal ? "ibgp" : "ebgp"}`,
      `remote.address=${isNetwork(node) ? node : `${node}/${node.includes(":") ? 128 : 32}`} remote.as=${side.speakersAs}`,
      ...(isNetwork(node) || !side.speakersWait ? ["listen=yes connect=no"] : []),
      ...(side.hasPassword ? [`tcp-md5-key="${passwordPlaceholder(side.name)}"`] : []),
    ].join(" ");
  return `${[
    ...header(side, "MikroTik RouterOS 7").map((line) => `# ${line}`),
    ...(side.ttlSecurity === undefined
      ? []
      : ["# TTL security is a firewall filter here: drop packets to port 179 with a lower TTL."]),
    ...(side.addPath ? ["# RouterOS takes one path to a prefix from one neighbour: leave nextHops of the BgpPeer at self."] : []),
    "# RouterOS spreads traffic over equal BGP paths from version 7.20 on.",
    "/routing/filter/rule",
    ...rules,
    `add chain=${name}-in rule="reject"`,
    `add chain=${name}-out rule="reject"`,
    ...(side.bfd === undefined
      ? []
      : [
          "/routing/bfd/configuration",
          `add min-rx=${side.bfd.receive}ms min-tx=${side.bfd.transmit}ms multiplier=${side.bfd.multiplier}`,
        ]),
    "/routing/bgp/template",
    `add name=${name} ${shared.join(" ")}`,
    "/routing/bgp/connection",
    ...side.nodes.map(connection),
  ].join("\n")}\n`;
}
