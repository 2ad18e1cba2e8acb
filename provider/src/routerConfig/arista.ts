import { capitalName, header, isNetwork, ofFamily, passwordPlaceholder, type RouterSide } from "./model.ts";

/** The configuration of Arista EOS. @see Arista EOS User Manual, chapter BGP */
export function arista(side: RouterSide): string {
  const group = capitalName(side);
  const lists = side.families.flatMap((family) => [
    `${family === 4 ? "ip" : "ipv6"} prefix-list ${group}-${family}`,
    ...ofFamily(side, family).map(({ prefix, length, from, to }, index) => {
      const bounds = [...(from > length ? [`ge ${from}`] : []), ...(to > from ? [`le ${to}`] : [])];
      return ["   seq", (index + 1) * 10, "permit", prefix, ...bounds].join(" ");
    }),
    "!",
  ]);
  const maps = side.families.flatMap((family) => [
    `route-map ${group}-IN permit ${family === 4 ? 10 : 20}`,
    `   match ${family === 4 ? "ip" : "ipv6"} address prefix-list ${group}-${family}`,
    "!",
  ]);
  const families = ([4, 6] as const).flatMap((family) => [
    "   !",
    `   address-family ipv${family}`,
    side.families.includes(family) ? `      neighbor ${group} activate` : `      no neighbor ${group} activate`,
    ...(side.families.includes(family) && side.addPath ? [`      neighbor ${group} additional-paths receive`] : []),
  ]);
  return `${[
    ...header(side, "Arista EOS").map((line) => `! ${line}`),
    ...(side.bfd === undefined
      ? []
      : [
          `! On the interface towards the nodes: bfd interval ${side.bfd.transmit} min-rx ${side.bfd.receive} multiplier ${side.bfd.multiplier}`,
        ]),
    ...lists,
    ...maps,
    `route-map ${group}-OUT deny 10`,
    "!",
    ...side.nodes
      .filter(isNetwork)
      .flatMap((_, index) =>
        index > 0 ? [] : [`peer-filter ${group}`, `   10 match as-range ${side.speakersAs} result accept`, "!"],
      ),
    `router bgp ${side.routerAs}`,
    `   maximum-paths ${side.maximumPaths}`,
    `   neighbor ${group} peer group`,
    `   neighbor ${group} remote-as ${side.speakersAs}`,
    `   neighbor ${group} timers ${side.keepalive} ${side.holdTime}`,
    ...(side.hasPassword ? [`   neighbor ${group} password 0 ${passwordPlaceholder(side.name)}`] : []),
    ...(side.multihop === undefined || side.routerAs === side.speakersAs
      ? []
      : [`   neighbor ${group} ebgp-multihop ${side.multihop}`]),
    ...(side.ttlSecurity === undefined ? [] : [`   neighbor ${group} ttl maximum-hops ${side.ttlSecurity}`]),
    ...(side.bfd === undefined ? [] : [`   neighbor ${group} bfd`]),
    ...(side.gracefulRestart ? [`   neighbor ${group} graceful-restart`] : []),
    ...(side.speakersWait ? [] : [`   neighbor ${group} passive`]),
    `   neighbor ${group} route-map ${group}-IN in`,
    `   neighbor ${group} route-map ${group}-OUT out`,
    ...side.nodes.map((node) =>
      isNetwork(node)
        ? `   bgp listen range ${node} peer-group ${group} peer-filter ${group}`
        : `   neighbor ${node} peer group ${group}`,
    ),
    ...families,
    "!",
  ].join("\n")}\n`;
}
