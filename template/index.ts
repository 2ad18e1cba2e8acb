/**
 * The environment template: deploys what the stack's configuration declares. Every object under `eips`, `peers` and `services` is
 * given to the component of that name as it is; Pulumi.yaml documents the keys, Pulumi.lab.yaml is an example.
 */
import * as berth from "@berth/pulumi";
import { apps, core } from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

type Named<Args> = Args & { readonly name: string };

interface Workload {
  readonly name: string;
  readonly namespace: string;
  readonly image: string;
  readonly port: number;
  readonly replicas?: number;
}

const config = new pulumi.Config();
const list = <T>(key: string): readonly T[] => config.getObject<T[]>(key) ?? [];
const services = list<Named<berth.ExposedServiceArgs>>("services");
const workloads = list<Workload>("workloads");
const peers = list<Named<berth.BgpPeerArgs>>("peers");
const bgp = config.getObject<berth.BgpConfArgs>("bgp") ?? {};

const loadBalancer = new berth.LoadBalancer("berth", {
  image: config.require("image"),
  ...config.getObject<Partial<berth.LoadBalancerArgs>>("loadBalancer"),
});
const installed = { dependsOn: [loadBalancer] };

const conf = Object.keys(bgp).length > 0 ? [new berth.BgpConf("default", bgp, installed)] : [];
const pools = list<Named<berth.EipArgs>>("eips").map((args) => new berth.Eip(args.name, args, installed));
const routers = peers.map((args) => new berth.BgpPeer(args.name, args, { dependsOn: [loadBalancer, ...conf] }));

const namespaces = new Map(
  [...new Set(workloads.map(({ namespace }) => namespace))].map((name) => [
    name,
    new core.v1.Namespace(name, { metadata: { name } }),
  ]),
);
const deployments = workloads.map(({ name, namespace, image, port, replicas }) => {
  const labels = { app: name };
  const env = [{ name: "NODE_NAME", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } }];
  const readinessProbe = { httpGet: { path: "/healthz", port }, periodSeconds: 1 };
  const container = { name, image, env, ports: [{ containerPort: port }], readinessProbe };
  const topologySpreadConstraints = [
    {
      maxSkew: 1,
      topologyKey: "kubernetes.io/hostname",
      whenUnsatisfiable: "ScheduleAnyway",
      labelSelector: { matchLabels: labels },
    },
  ];
  return new apps.v1.Deployment(
    name,
    {
      metadata: { name, namespace },
      spec: {
        replicas: replicas ?? 2,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [container], topologySpreadConstraints } },
      },
    },
    { dependsOn: [...namespaces.values()] },
  );
});

const exposed = services.map(
  (args) =>
    [
      args.name,
      new berth.ExposedService(args.name, args, { dependsOn: [loadBalancer, ...pools, ...routers, ...deployments] }),
    ] as const,
);

/** The address of each exposed service, by name. */
export const addresses = Object.fromEntries(exposed.map(([name, service]) => [name, service.address]));
/** The URL of each exposed service, by name. */
export const urls = Object.fromEntries(exposed.map(([name, service]) => [name, service.url]));
/** How many addresses each pool has, by name. */
export const poolSizes = Object.fromEntries(
  pools.map((pool, index) => [list<Named<berth.EipArgs>>("eips")[index]?.name ?? "", pool.poolSize]),
);
