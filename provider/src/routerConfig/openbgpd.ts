import { type Accepted, header, passwordPlaceholder, type RouterSide, smallName } from "./model.ts";

/** The configuration of OpenBGPD, for bgpd.conf. @see https://man.openbsd.org/bgpd.conf.5 */
export function openbgpd(side: RouterSide): string {
  const name = smallName(side, "-");
  const entry = ({ prefix, length, from, to }: Accepted): string => {
    if (from === to) return length === from ? prefix : `${prefix} prefixlen = ${from}`;
    return `${prefix} prefixlen ${from} - ${to}`;
  };
  const accepted = side.accepted.filter(({ family }) => side.families.includes(family));
  return `${[
    ...header(side, "OpenBGPD").map((line) => `# ${line}`),
    ...(side.bfd === undefined ? [] : ["# OpenBGPD has no BFD; turn it off for this BgpPeer."]),
    "# Outside of OpenBSD it installs one of several equal routes.",
    `AS ${side.routerAs}`,
    ...(side.routerAddress.includes(":") ? [] : [`router-id ${side.routerAddress}`]),
    ...(accepted.length > 0 ? [`prefix-set ${name} {`, ...accepted.map((one) => `  ${entry(one)}`), "}"] : []),
    `group "${name}" {`,
    `  remote-as ${side.speakersAs}`,
    `  holdtime ${side.holdTime}`,
    ...(side.hasPassword ? [`  tcp md5sig password "${passwordPlaceholder(side.name)}"`] : []),
    ...(side.multihop === undefined || side.routerAs === side.speakersAs ? [] : [`  multihop ${side.multihop}`]),
    ...(side.ttlSecurity === undefined ? [] : ["  ttl-security yes"]),
    ...([4, 6] as const).map((family) => `  announce IPv${family} ${side.families.includes(family) ? "unicast" : "none"}`),
    ...(side.addPath ? ["  announce add-path recv yes"] : []),
    ...(side.gracefulRestart ? ["  announce restart yes"] : []),
    ...(side.speakersWait ? [] : ["  passive"]),
    ...side.nodes.map((node) => `  neighbor ${node} { descr "${name}" }`),
    "}",
    `deny from group "${name}"`,
    ...(accepted.length > 0 ? [`allow from group "${name}" prefix-set ${name}`] : []),
    `deny to group "${name}"`,
  ].join("\n")}\n`;
}
