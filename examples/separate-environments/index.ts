import * as berth from "@berth/pulumi";
import { apps, core } from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

const config = new pulumi.Config();
const environment = pulumi.getStack();

const namespace = new core.v1.Namespace(environment, { metadata: { name: environment } }).metadata.name;
const pool = new berth.Eip(environment, {
  address: config.require("addresses"),
  protocol: "layer2",
  namespaces: [environment],
  restrict: config.requireBoolean("isExclusive"),
});

const labels = { app: "page" };
const deployment = new apps.v1.Deployment("page", {
  metadata: { namespace },
  spec: {
    replicas: config.requireNumber("replicas"),
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: { containers: [{ name: "page", image: config.require("page"), ports: [{ containerPort: 8080 }] }] },
    },
  },
});
const page = new berth.ExposedService(
  "page",
  { namespace, selector: labels, ports: [{ port: 80, targetPort: 8080 }] },
  { dependsOn: [deployment, pool] },
);

export const address = page.address;
export const url = page.url;
