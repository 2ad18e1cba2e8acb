import * as berth from "@berth/pulumi";
import { apps, core } from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

interface Tenant {
  readonly name: string;
  readonly addresses?: string;
}

const config = new pulumi.Config();
const tenants = config.requireObject<Tenant[]>("tenants");
const tenantLabel = "example.com/tenant";

const namespaces = tenants.map(
  ({ name }) => new core.v1.Namespace(name, { metadata: { name, labels: { [tenantLabel]: "true" } } }),
);

/** A tenant's own pool is asked before the common one, and nobody else may have its addresses, not even by naming them. */
const own = tenants.flatMap(({ name, addresses }) =>
  addresses === undefined
    ? []
    : [
        new berth.Eip(`${name}-pool`, {
          address: addresses,
          protocol: "layer2",
          namespaces: [name],
          restrict: true,
          priority: 1,
        }),
      ],
);

/** The common pool is bound to whoever carries the label; the quota keeps one tenant from taking it all. */
const common = new berth.Eip("common", {
  address: config.require("common"),
  protocol: "layer2",
  namespaceSelector: { [tenantLabel]: "true" },
  perNamespaceLimit: config.requireNumber("commonLimit"),
  restrict: true,
  priority: 2,
});

/** What each tenant runs. It names no pool: the bindings decide. */
const labels = { app: "page" };
const pages = tenants.map(({ name: namespace }, index) => {
  const container = { name: "page", image: config.require("page"), ports: [{ containerPort: 8080 }] };
  const deployment = new apps.v1.Deployment(
    `${namespace}-page`,
    {
      metadata: { name: "page", namespace },
      spec: {
        replicas: 1,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [container] } },
      },
    },
    { dependsOn: namespaces.slice(index, index + 1) },
  );
  const args = { name: "page", namespace, selector: labels, ports: [{ port: 80, targetPort: 8080 }] };
  return [namespace, new berth.ExposedService(`${namespace}-page`, args, { dependsOn: [deployment, ...own, common] })] as const;
});

export const addresses = Object.fromEntries(pages.map(([name, service]) => [name, service.address]));
