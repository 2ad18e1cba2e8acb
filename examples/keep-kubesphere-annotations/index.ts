import * as berth from "@berth/pulumi";
import { apps, core } from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

const config = new pulumi.Config();

const pool = new berth.Eip("console-pool", { address: config.require("addresses"), protocol: "layer2" });

const namespace = new core.v1.Namespace("console", { metadata: { name: "console" } }).metadata.name;
const labels = { app: "page", "app.kubernetes.io/name": "page" };
const deployment = new apps.v1.Deployment("page-v1", {
  metadata: { namespace, labels, annotations: { "kubesphere.io/creator": "admin" } },
  spec: {
    replicas: 1,
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: { containers: [{ name: "page", image: config.require("page"), ports: [{ containerPort: 8080 }] }] },
    },
  },
});

/** What the console writes when "LoadBalancer" is chosen under External Access: a plain Service, nothing of Berth's. */
const page = new core.v1.Service(
  "page",
  {
    metadata: {
      name: "page",
      namespace,
      labels,
      annotations: {
        "kubesphere.io/creator": "admin",
        "kubesphere.io/serviceType": "statelessservice",
        "lb.kubesphere.io/v1alpha1": "openelb",
        "eip.openelb.kubesphere.io/v1alpha2": pool.name,
        "protocol.openelb.kubesphere.io/v1alpha1": "layer2",
      },
    },
    spec: {
      type: "LoadBalancer",
      sessionAffinity: "None",
      selector: labels,
      ports: [{ name: "http-8080", port: 8080, targetPort: 8080 }],
    },
  },
  { dependsOn: [deployment] },
);

export const address = page.status.apply((status) => status?.loadBalancer?.ingress?.[0]?.ip);
