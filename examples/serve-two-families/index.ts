import * as berth from "@berth/pulumi";
import { apps, core } from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

const config = new pulumi.Config();

const pool = new berth.Eip("two-families", {
  address: config.require("ipv4"),
  addresses: [config.require("ipv6")],
  protocol: "layer2",
});

const namespace = new core.v1.Namespace("two-families", { metadata: { name: "two-families" } }).metadata.name;
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
  {
    namespace,
    selector: labels,
    ports: [{ port: 80, targetPort: 8080 }],
    eip: pool.name,
    ipFamilyPolicy: "RequireDualStack",
    ipFamilies: ["IPv4", "IPv6"],
  },
  { dependsOn: [deployment] },
);

export const addresses = page.addresses;
