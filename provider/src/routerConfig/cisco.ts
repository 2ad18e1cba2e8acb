import { capitalName, header, isNetwork, ofFamily, passwordPlaceholder, type RouterSide } from "./model.ts";

/** The configuration of Cisco IOS-XE. @see Cisco IOS IP Routing: BGP Command Reference */
export function cisco(side: RouterSide): string {
  const group = capitalName(side);
  const nodes = side.nodes.filter((node) => !isNetwork(node));
  const lists = side.families.flatMap((family) => {
    const list = `${family === 4 ? "ip" : "ipv6"} prefix-list ${group}`;
    const accepted = ofFamily(side, family).map(({ prefix, length, from, to }, index) => {
      const bounds = [...(from > length ? [`ge ${from}`] : []), ...(to > from ? [`le ${to}`] : [])];
      return [`${list}-${family}`, "seq", (index + 1) * 5, "permit", prefix, ...bounds].join(" ");
    });
    return [...accepted, `${list}-NONE-${family} seq 5 deny ${family === 4 ? "0.0.0.0/0 le 32" : "::/0 le 128"}`];
  });
  const families = ([4, 6] as const)
    .filter((family) => side.families.includes(family))
    .flatMap((family) => [
      " !",
      ` address-family ipv${family}${family === 6 ? " unicast" : ""}`,
      ...(side.addPath ? ["  bgp additional-paths receive"] : []),
      `  neighbor ${group} prefix-list ${group}-${family} in`,
      `  neighbor ${group} prefix-list ${group}-NONE-${family} out`,
      ...(side.addPath ? [`  neighbor ${group} additional-paths receive`] : []),
      ...(nodes.length < side.nodes.length ? [`  neighbor ${group} activate`] : []),
      ...nodes.map((node) => `  neighbor ${node} activate`),
      `  maximum-paths ${side.maximumPaths}`,
      `  maximum-paths ibgp ${side.maximumPaths}`,
      " exit-address-family",
    ]);
  return `${[
    ...header(side, "Cisco IOS-XE").map((line) => `! ${line}`),
    ...(side.bfd === undefined
      ? []
      : [
          `! On the interface towards the nodes: bfd interval ${side.bfd.transmit} min_rx ${side.bfd.receive} multiplier ${side.bfd.multiplier}`,
        ]),
    ...lists,
    `router bgp ${side.routerAs}`,
    " bgp log-neighbor-changes",
    ...(side.gracefulRestart ? [" bgp graceful-restart"] : []),
    ` neighbor ${group} peer-group`,
    ` neighbor ${group} remote-as ${side.speakersAs}`,
    ` neighbor ${group} timers ${side.keepalive} ${side.holdTime}`,
    ...(side.hasPassword ? [` neighbor ${group} password ${passwordPlaceholder(side.name)}`] : []),
    ...(side.multihop === undefined || side.routerAs === side.speakersAs
      ? []
      : [` neighbor ${group} ebgp-multihop ${side.multihop}`]),
    ...(side.ttlSecurity === undefined ? [] : [` neighbor ${group} ttl-security hops ${side.ttlSecurity}`]),
    ...(side.bfd === undefined ? [] : [` neighbor ${group} fall-over bfd`]),
    ...(side.speakersWait ? [] : [` neighbor ${group} transport connection-mode passive`]),
    ...side.nodes.map((node) =>
      isNetwork(node) ? ` bgp listen range ${node} peer-group ${group}` : ` neighbor ${node} peer-group ${group}`,
    ),
    ...families,
    "end",
  ].join("\n")}\n`;
}
