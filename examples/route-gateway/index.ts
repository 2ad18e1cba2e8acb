import { createHash } from "node:crypto";
import * as berth from "@berth/pulumi";
import { apps, core } from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { nginxConf } from "./nginx.ts";

const colours = ["blue", "green"] as const;
const config = new pulumi.Config();
const active = config.require<(typeof colours)[number]>("active", { allowedValues: [...colours] });
const canary = active === "blue" ? "green" : "blue";

const pool = new berth.Eip("gateway", { address: config.require("addresses"), protocol: "layer2" });
const namespace = new core.v1.Namespace("gateway", { metadata: { name: "gateway" } }).metadata.name;

/** Both colours run all the time: a switch only changes where the gateway sends requests. */
const backends = colours.map((colour) => {
  const labels = { app: colour };
  const container = {
    name: "page",
    image: config.require("page"),
    ports: [{ containerPort: 8080 }],
    readinessProbe: { httpGet: { path: "/healthz", port: 8080 }, periodSeconds: 1 },
  };
  const deployment = new apps.v1.Deployment(colour, {
    metadata: { name: colour, namespace },
    spec: {
      replicas: 2,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [container] } },
    },
  });
  return new core.v1.Service(
    colour,
    { metadata: { name: colour, namespace }, spec: { selector: labels, ports: [{ port: 8080 }] } },
    { dependsOn: [deployment] },
  );
});

const conf = pulumi.all(backends.map((service) => service.spec.clusterIP)).apply((addresses) =>
  nginxConf({
    active,
    canary,
    percent: config.requireNumber("canaryPercent"),
    upstreams: Object.fromEntries(colours.map((colour, index) => [colour, addresses[index] ?? ""])),
  }),
);
const files = new core.v1.ConfigMap("gateway", { metadata: { namespace }, data: { "nginx.conf": conf } });

/** A new configuration is a new pod: the old one goes on until the new one answers, and then finishes what it has. */
const labels = { app: "gateway" };
const container = {
  name: "nginx",
  image: config.require("gateway"),
  ports: [{ containerPort: 8080 }],
  readinessProbe: { httpGet: { path: "/healthz", port: 8080 }, periodSeconds: 1 },
  lifecycle: { preStop: { sleep: { seconds: 3 } } },
  volumeMounts: [{ name: "conf", mountPath: "/etc/nginx" }],
};
const deployment = new apps.v1.Deployment("gateway", {
  metadata: { name: "gateway", namespace },
  spec: {
    replicas: 2,
    strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
    selector: { matchLabels: labels },
    template: {
      metadata: {
        labels,
        annotations: { "example.com/conf": conf.apply((text) => createHash("sha256").update(text).digest("hex")) },
      },
      spec: { containers: [container], volumes: [{ name: "conf", configMap: { name: files.metadata.name } }] },
    },
  },
});
const gateway = new berth.ExposedService(
  "gateway",
  { namespace, selector: labels, ports: [{ port: 80, targetPort: 8080 }], eip: pool.name },
  { dependsOn: [deployment] },
);

export const address = gateway.address;
export const url = gateway.url;
export const serving = active;
