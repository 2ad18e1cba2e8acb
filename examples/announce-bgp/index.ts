import * as berth from "@berth/pulumi";
import { apps, core } from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

const config = new pulumi.Config();

const conf = new berth.BgpConf("default", { as: config.requireNumber("as") });
const router = new berth.BgpPeer(
  "router",
  { conf: { neighborAddress: config.require("router"), peerAs: config.requireNumber("routerAs") } },
  { dependsOn: [conf] },
);
const routed = new berth.Eip("routed", { address: config.require("addresses"), protocol: "bgp" });

const namespace = new core.v1.Namespace("bgp", { metadata: { name: "announce-bgp" } }).metadata.name;
const labels = { app: "page" };
const deployment = new apps.v1.Deployment("page", {
  metadata: { namespace },
  spec: {
    replicas: 2,
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: { containers: [{ name: "page", image: config.require("page"), ports: [{ containerPort: 8080 }] }] },
    },
  },
});
const page = new berth.ExposedService(
  "page",
  { namespace, selector: labels, ports: [{ port: 80, targetPort: 8080 }], eip: routed.name },
  { dependsOn: [deployment, router] },
);

export const address = page.address;
export const url = page.url;
