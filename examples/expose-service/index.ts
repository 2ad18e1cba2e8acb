import * as berth from "@berth/pulumi";
import { apps } from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

const config = new pulumi.Config();

const loadBalancer = new berth.LoadBalancer("berth", {
  image: config.require("image"),
  keepCrds: config.requireBoolean("keepCrds"),
});
const lan = new berth.Eip("lan", { address: config.require("addresses"), protocol: "layer2" }, { dependsOn: [loadBalancer] });

const labels = { app: "page" };
const deployment = new apps.v1.Deployment("page", {
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
  { selector: labels, ports: [{ port: 80, targetPort: 8080 }], eip: lan.name },
  { dependsOn: [deployment] },
);

export const address = page.address;
export const url = page.url;
