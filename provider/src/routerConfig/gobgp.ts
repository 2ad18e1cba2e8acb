import { header, isNetwork, ofFamily, passwordPlaceholder, type RouterSide, smallName } from "./model.ts";

/** The configuration of GoBGP, in TOML. @see https://github.com/osrg/gobgp/blob/master/docs/sources/configuration.md */
export function gobgp(side: RouterSide): string {
  const name = smallName(side, "-");
  const used = side.families.filter((family) => ofFamily(side, family).length > 0);
  const sets = used.flatMap((family) => [
    "",
    "[[defined-sets.prefix-sets]]",
    `  prefix-set-name = "${name}-${family}"`,
    ...ofFamily(side, family).flatMap(({ prefix, from, to }) => [
      "  [[defined-sets.prefix-sets.prefix-list]]",
      `    ip-prefix = "${prefix}"`,
      `    masklength-range = "${from}..${to}"`,
    ]),
  ]);
  const statements = used.flatMap((family) => [
    "  [[policy-definitions.statements]]",
    `    name = "${name}-${family}"`,
    "    [policy-definitions.statements.conditions.match-prefix-set]",
    `      prefix-set = "${name}-${family}"`,
    '      match-set-options = "any"',
    "    [policy-definitions.statements.actions]",
    '      route-disposition = "accept-route"',
  ]);
  const isPlain = !side.nodes.some(isNetwork);
  const kinds = (table: string): string[] => [
    ...(side.hasPassword ? [`  [${table}.config]`, `    auth-password = "${passwordPlaceholder(side.name)}"`] : []),
  ];
  const common = (table: string): string[] => [
    `  [${table}.timers.config]`,
    `    hold-time = ${side.holdTime}`,
    `    keepalive-interval = ${side.keepalive}`,
    `  [${table}.transport.config]`,
    `    passive-mode = ${!side.speakersWait}`,
    `    local-address = "${side.routerAddress}"`,
    ...(side.multihop === undefined || side.routerAs === side.speakersAs
      ? []
      : [`  [${table}.ebgp-multihop.config]`, "    enabled = true", `    multihop-ttl = ${side.multihop}`]),
    ...(side.ttlSecurity === undefined
      ? []
      : [`  [${table}.ttl-security.config]`, "    enabled = true", `    ttl-min = ${256 - side.ttlSecurity}`]),
    ...(side.gracefulRestart
      ? [`  [${table}.graceful-restart.config]`, "    enabled = true", `    restart-time = ${side.holdTime}`]
      : []),
    ...side.families.flatMap((family) => [
      `  [[${table}.afi-safis]]`,
      `    [${table}.afi-safis.config]`,
      `      afi-safi-name = "ipv${family}-unicast"`,
      ...(side.gracefulRestart ? [`    [${table}.afi-safis.mp-graceful-restart.config]`, "      enabled = true"] : []),
      ...(side.addPath ? [`    [${table}.afi-safis.add-paths.config]`, "      receive = true"] : []),
    ]),
  ];
  const neighbors = side.nodes
    .filter((node) => !isNetwork(node))
    .flatMap((node) => [
      "",
      "[[neighbors]]",
      "  [neighbors.config]",
      `    neighbor-address = "${node}"`,
      `    peer-as = ${side.speakersAs}`,
      ...(side.hasPassword ? [`    auth-password = "${passwordPlaceholder(side.name)}"`] : []),
      ...common("neighbors"),
    ]);
  const dynamic = isPlain
    ? []
    : [
        "",
        "[[peer-groups]]",
        ...(kinds("peer-groups").length > 0 ? kinds("peer-groups") : ["  [peer-groups.config]"]),
        `    peer-group-name = "${name}"`,
        `    peer-as = ${side.speakersAs}`,
        ...common("peer-groups"),
        ...side.nodes
          .filter(isNetwork)
          .flatMap((node) => [
            "",
            "[[dynamic-neighbors]]",
            "  [dynamic-neighbors.config]",
            `    prefix = "${node}"`,
            `    peer-group = "${name}"`,
          ]),
      ];
  return `${[
    ...header(side, "GoBGP").map((line) => `# ${line}`),
    ...(side.bfd === undefined ? [] : ["# GoBGP has no BFD; turn it off for this BgpPeer."]),
    ...(side.routerAddress.includes(":")
      ? ["# Put the identifier of this router, an IPv4 address, where ROUTER-ID stands."]
      : []),
    "# The policy is for all neighbours of this daemon: one that has others needs theirs in the list, too.",
    "[global.config]",
    `  as = ${side.routerAs}`,
    `  router-id = "${side.routerAddress.includes(":") ? "ROUTER-ID" : side.routerAddress}"`,
    "[global.use-multiple-paths.config]",
    "  enabled = true",
    "[global.apply-policy.config]",
    `  import-policy-list = [${statements.length > 0 ? `"${name}"` : ""}]`,
    '  default-import-policy = "reject-route"',
    '  default-export-policy = "reject-route"',
    ...sets,
    ...(statements.length > 0 ? ["", "[[policy-definitions]]", `  name = "${name}"`, ...statements] : []),
    ...neighbors,
    ...dynamic,
  ].join("\n")}\n`;
}
