import { capitalName, header, isNetwork, ofFamily, passwordPlaceholder, type RouterSide } from "./model.ts";

/** The configuration of FRR, for vtysh or frr.conf. @see https://docs.frrouting.org/en/latest/bgp.html */
export function frr(side: RouterSide): string {
  const group = capitalName(side);
  const filters = side.families.flatMap((family) => {
    const list = `${family === 4 ? "ip" : "ipv6"} prefix-list ${group}-${family}`;
    return ofFamily(side, family).map(({ prefix, length, from, to }, index) => {
      const bounds = [...(from > length ? [`ge ${from}`] : []), ...(to > from ? [`le ${to}`] : [])];
      return [list, "seq", (index + 1) * 5, "permit", prefix, ...bounds].join(" ");
    });
  });
  const maps = side.families.flatMap((family) => [
    `route-map ${group}-IN permit ${family === 4 ? 10 : 20}`,
    ` match ${family === 4 ? "ip" : "ipv6"} address prefix-list ${group}-${family}`,
    "exit",
  ]);
  const families = ([4, 6] as const).flatMap((family) => {
    const isUsed = side.families.includes(family);
    // FRR gives every neighbour IPv4 unicast unless it is told otherwise.
    if (!isUsed)
      return family === 4
        ? [" !", " address-family ipv4 unicast", `  no neighbor ${group} activate`, " exit-address-family"]
        : [];
    return [
      " !",
      ` address-family ipv${family} unicast`,
      `  neighbor ${group} activate`,
      `  neighbor ${group} route-map ${group}-IN in`,
      `  neighbor ${group} route-map ${group}-OUT out`,
      `  neighbor ${group} soft-reconfiguration inbound`,
      `  maximum-paths ${side.maximumPaths}`,
      `  maximum-paths ibgp ${side.maximumPaths}`,
      " exit-address-family",
    ];
  });
  return `${[
    ...header(side, "FRR").map((line) => `! ${line}`),
    ...(side.addPath ? ["! FRR takes several paths to a prefix by itself (addpath-rx)."] : []),
    ...filters,
    ...maps,
    `route-map ${group}-OUT deny 10`,
    "exit",
    "!",
    `router bgp ${side.routerAs}`,
    ...(side.gracefulRestart ? [" bgp graceful-restart"] : []),
    ` neighbor ${group} peer-group`,
    ` neighbor ${group} remote-as ${side.speakersAs}`,
    ` neighbor ${group} timers ${side.keepalive} ${side.holdTime}`,
    ...(side.hasPassword ? [` neighbor ${group} password ${passwordPlaceholder(side.name)}`] : []),
    ...(side.multihop === undefined ? [] : [` neighbor ${group} ebgp-multihop ${side.multihop}`]),
    ...(side.ttlSecurity === undefined ? [] : [` neighbor ${group} ttl-security hops ${side.ttlSecurity}`]),
    ...(side.bfd === undefined ? [] : [` neighbor ${group} bfd ${side.bfd.multiplier} ${side.bfd.receive} ${side.bfd.transmit}`]),
    ...(side.speakersWait ? [] : [` neighbor ${group} passive`]),
    ...side.nodes.map((node) =>
      isNetwork(node) ? ` bgp listen range ${node} peer-group ${group}` : ` neighbor ${node} peer-group ${group}`,
    ),
    ...families,
    "exit",
  ].join("\n")}\n`;
}
