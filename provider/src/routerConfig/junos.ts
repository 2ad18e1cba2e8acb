import { header, isNetwork, ofFamily, passwordPlaceholder, type RouterSide, smallName } from "./model.ts";

/** The configuration of Junos, as set commands. @see Junos OS BGP User Guide */
export function junos(side: RouterSide): string {
  const name = smallName(side, "-");
  const isInternal = side.routerAs === side.speakersAs;
  const group = `set protocols bgp group ${name}`;
  const policies = side.families.flatMap((family) => {
    const term = `set policy-options policy-statement ${name}-in term ipv${family}`;
    const accepted = ofFamily(side, family);
    if (accepted.length === 0) return [];
    return [
      `${term} from family inet${family === 6 ? "6" : ""}`,
      ...accepted.map(({ prefix, from, to }) => `${term} from route-filter ${prefix} prefix-length-range /${from}-/${to}`),
      `${term} then accept`,
    ];
  });
  return `${[
    ...header(side, "Junos").map((line) => `# ${line}`),
    ...(side.ttlSecurity === undefined
      ? []
      : ["# TTL security is a firewall filter here: drop packets to port 179 with a lower TTL."]),
    ...policies,
    `set policy-options policy-statement ${name}-in term rest then reject`,
    `set policy-options policy-statement ${name}-out then reject`,
    `set policy-options policy-statement ${name}-spread then load-balance per-packet`,
    `set routing-options forwarding-table export ${name}-spread`,
    `set routing-options autonomous-system ${side.routerAs}`,
    ...(side.gracefulRestart ? ["set routing-options graceful-restart"] : []),
    `${group} type ${isInternal ? "internal" : "external"}`,
    ...(isInternal ? [] : [`${group} peer-as ${side.speakersAs}`]),
    `${group} local-address ${side.routerAddress}`,
    `${group} hold-time ${side.holdTime}`,
    ...(side.hasPassword ? [`${group} authentication-key "${passwordPlaceholder(side.name)}"`] : []),
    ...(side.multihop === undefined || isInternal ? [] : [`${group} multihop ttl ${side.multihop}`]),
    ...(side.bfd === undefined
      ? []
      : [
          `${group} bfd-liveness-detection minimum-receive-interval ${side.bfd.receive}`,
          `${group} bfd-liveness-detection transmit-interval minimum-interval ${side.bfd.transmit}`,
          `${group} bfd-liveness-detection multiplier ${side.bfd.multiplier}`,
        ]),
    ...side.families.map(
      (family) => `${group} family inet${family === 6 ? "6" : ""} unicast${side.addPath ? " add-path receive" : ""}`,
    ),
    `${group} multipath`,
    ...(side.speakersWait ? [] : [`${group} passive`]),
    `${group} import ${name}-in`,
    `${group} export ${name}-out`,
    ...side.nodes.map((node) => (isNetwork(node) ? `${group} allow ${node}` : `${group} neighbor ${node}`)),
  ].join("\n")}\n`;
}
