/** The rules of the house as checks: who may import whom. See docs/architecture.md. */
const world =
  "^(node:)?(fs|net|dgram|http|https|http2|tls|dns|os|child_process|worker_threads|timers|process|cluster|readline)(/|$)";
const shell = "/shell/|^speaker/src/(main|config|announcers)\\.ts$|\\.test\\.ts$";
module.exports = {
  forbidden: [
    { name: "no-circular", severity: "error", from: {}, to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } } },
    {
      name: "core-is-pure",
      severity: "error",
      comment: "only a path with /shell/, main.ts and config.ts may touch the world",
      from: { path: "^speaker/src/", pathNot: shell },
      to: { path: world },
    },
    {
      name: "core-knows-no-client",
      severity: "error",
      from: { path: "^speaker/src/", pathNot: shell },
      to: { path: "node_modules/(@kubernetes/client-node|pino|koffi|prom-client)/" },
    },
    { name: "core-knows-no-shell", severity: "error", from: { path: "^speaker/src/", pathNot: shell }, to: { path: "/shell/" } },
    {
      name: "net-stands-alone",
      severity: "error",
      from: { path: "^speaker/src/net/", pathNot: "\\.test\\.ts$" },
      to: { path: "^(speaker|provider|lab)/src/(?!net/)" },
    },
    { name: "wire-on-net", severity: "error", from: { path: "^speaker/src/wire/" }, to: { path: "^speaker/src/(?!net/|wire/)" } },
    {
      name: "bgp-has-no-siblings",
      severity: "error",
      from: { path: "^speaker/src/bgp/" },
      to: { path: "^speaker/src/(layer2|bfd|allocate|kubernetes)/" },
    },
    {
      name: "layer2-has-no-siblings",
      severity: "error",
      from: { path: "^speaker/src/layer2/" },
      to: { path: "^speaker/src/(bgp|bfd|allocate|kubernetes)/" },
    },
    {
      name: "bfd-has-no-siblings",
      severity: "error",
      from: { path: "^speaker/src/bfd/" },
      to: { path: "^speaker/src/(bgp|layer2|allocate|kubernetes)/" },
    },
    {
      name: "allocate-needs-only-net",
      severity: "error",
      from: { path: "^speaker/src/allocate/", pathNot: "\\.test\\.ts$" },
      to: { path: "^speaker/src/(?!net/|allocate/)" },
    },
    {
      name: "kubernetes-knows-no-announcer",
      severity: "error",
      from: { path: "^speaker/src/kubernetes/" },
      to: { path: "^speaker/src/(bgp|layer2|bfd)/" },
    },
    { name: "provider-shares-only-api", severity: "error", from: { path: "^provider/" }, to: { path: "^(speaker|lab|bench)/" } },
    { name: "speaker-shares-only-api", severity: "error", from: { path: "^speaker/" }, to: { path: "^(provider|lab|bench)/" } },
    { name: "api-stands-alone", severity: "error", from: { path: "^api/" }, to: { path: "^(provider|speaker|lab|bench)/" } },
    { name: "nothing-imports-main", severity: "error", from: {}, to: { path: "^speaker/src/main\\.ts$" } },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "(^|/)(dist|sdk|\\.lab)/" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "require", "node", "default"],
      extensions: [".ts", ".js", ".mjs", ".cjs", ".json"],
    },
  },
};
