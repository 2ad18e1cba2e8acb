import { header, isNetwork, ofFamily, passwordPlaceholder, type RouterSide, smallName } from "./model.ts";

/** The configuration of BIRD 2, to be included in bird.conf. @see https://bird.network.cz/?get_doc&v=20&f=bird-6.html */
export function bird(side: RouterSide): string {
  const name = smallName(side, "_");
  const filters = side.families.flatMap((family) => {
    const accepted = ofFamily(side, family).map(({ prefix, from, to }) => `${prefix}{${from},${to}}`);
    return [
      `filter ${name}_ipv${family} {`,
      ...(accepted.length > 0 ? [`  if net ~ [ ${accepted.join(", ")} ] then accept;`] : []),
      "  reject;",
      "}",
    ];
  });
  const channels = side.families.map(
    (family) => `  ipv${family} { import filter ${name}_ipv${family}; export none;${side.addPath ? " add paths rx;" : ""} };`,
  );
  const isInternal = side.routerAs === side.speakersAs;
  return `${[
    ...header(side, "BIRD 2").map((line) => `# ${line}`),
    `# To spread traffic over all nodes, bird.conf needs "merge paths limit ${side.maximumPaths};" in its protocol kernel.`,
    ...(side.bfd === undefined ? [] : ['# For BFD, bird.conf needs a "protocol bfd".']),
    ...filters,
    `template bgp ${name} {`,
    `  local ${side.routerAddress} as ${side.routerAs};`,
    `  hold time ${side.holdTime};`,
    `  keepalive time ${side.keepalive};`,
    ...(side.hasPassword ? [`  password "${passwordPlaceholder(side.name)}";`] : []),
    side.multihop === undefined ? "  direct;" : `  multihop${isInternal ? "" : ` ${side.multihop}`};`,
    ...(side.ttlSecurity === undefined ? [] : ["  ttl security on;"]),
    ...(side.bfd === undefined
      ? []
      : [
          `  bfd { min rx interval ${side.bfd.receive} ms; min tx interval ${side.bfd.transmit} ms; multiplier ${side.bfd.multiplier}; };`,
        ]),
    side.gracefulRestart ? "  graceful restart on;" : "  graceful restart aware;",
    ...(side.speakersWait ? [] : ["  passive yes;"]),
    ...channels,
    "}",
    ...side.nodes.map((node, index) =>
      isNetwork(node)
        ? `protocol bgp ${name}_${index + 1} from ${name} { neighbor range ${node} as ${side.speakersAs}; dynamic name "${name}_${index + 1}_"; }`
        : `protocol bgp ${name}_${index + 1} from ${name} { neighbor ${node} as ${side.speakersAs}; }`,
    ),
  ].join("\n")}\n`;
}
