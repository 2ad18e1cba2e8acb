import {
  addressAnnotation,
  eipAnnotation,
  loadBalancerAnnotation,
  loadBalancerAnnotationValue,
  shareWithNamespacesAnnotation,
  sharingKeyAnnotation,
} from "@berth/api/annotations";
import { announced } from "@berth/api/conditions";
import { type apps, core, type types } from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { isReference, orElse, outputsOf, typeToken } from "./component.ts";
import type { exposedServiceArgs } from "./fields.ts";
import type { ArgsOf } from "./inputs.ts";
import { judge } from "./judge.ts";

/** The arguments of an ExposedService. Its pods are given by one of `selector`, `service` and `deployment`. */
export type ExposedServiceArgs = ArgsOf<typeof exposedServiceArgs> & {
  /** A Service whose pods are exposed, too: one of the program, or `core.v1.Service.get(…)`. It stays as it is. */
  readonly service?: pulumi.Input<core.v1.Service> | undefined;
  /** A Deployment whose pods are exposed. */
  readonly deployment?: pulumi.Input<apps.v1.Deployment> | undefined;
};

/**
 * Pods, reachable from the network under an address of an Eip. `up` ends when a node announces the address, or with the controller's
 * reason why none does.
 *
 * @example
 * ```ts
 * const page = new berth.ExposedService("page", { selector: { app: "page" }, ports: [{ port: 80, targetPort: 8080 }], eip: office.name });
 * export const url = page.url;
 * ```
 */
export class ExposedService extends pulumi.ComponentResource {
  /** The name of the Service in the cluster. */
  declare readonly name: pulumi.Output<string>;
  /** The address; the first of them when there are two families. Absent until the Service has one. */
  declare readonly address: pulumi.Output<string | undefined>;
  /** All addresses. */
  declare readonly addresses: pulumi.Output<string[]>;
  /** The DNS name: the one that was asked for, or one that the status of the Service has. */
  declare readonly hostname: pulumi.Output<string | undefined>;
  /** "http://host" with the first port, or https for port 443. The host is the DNS name, else the address. Absent until there is one. */
  declare readonly url: pulumi.Output<string | undefined>;
  /** Who announced the addresses when Pulumi last looked, as a sentence. */
  declare readonly announcedBy: pulumi.Output<string | undefined>;
  /** The nodes that announced an address when Pulumi last looked; more than five of one address are counted: `["7 nodes"]`. */
  declare readonly announcers: pulumi.Output<string[]>;

  constructor(name: string, args: ExposedServiceArgs, options: pulumi.ComponentResourceOptions = {}) {
    if (isReference(options)) {
      super(typeToken("ExposedService"), name, outputs, options);
      return;
    }
    super(typeToken("ExposedService"), name, args, options);
    const verdict = judge(this, "ExposedService", name, args, options);
    const backend = backendOf(args);
    const service = new core.v1.Service(
      name,
      { metadata: metadata(name, args, backend.namespace), spec: { ...spec(args, backend), ...notKnownYet() } },
      {
        ...verdict.child(),
        ignoreChanges: ["spec.clusterIP"],
        // Kubernetes lets nobody change these of a Service that has them; and two Services cannot have one name, or ask for one address.
        replaceOnChanges: ["spec.loadBalancerClass", "spec.ipFamilies[0]"],
        deleteBeforeReplace: true,
        ...(options.customTimeouts === undefined ? {} : { customTimeouts: options.customTimeouts }),
      },
    );
    const ingress = service.status.apply((status) => status?.loadBalancer?.ingress ?? []);
    this.name = service.metadata.name;
    this.addresses = ingress.apply((entries) => entries.flatMap(({ ip }) => (ip === undefined ? [] : [ip])));
    this.address = this.addresses.apply(([first]) => first);
    this.hostname = pulumi
      .all([args.hostname, ingress])
      .apply(([wanted, entries]) => wanted ?? entries.find(({ hostname }) => hostname !== undefined)?.hostname);
    this.url = pulumi
      .all([this.hostname, this.address, backend.ports])
      .apply(([host, address, ports]) => urlOf(host ?? address, ports[0]?.port));
    this.announcedBy = service.status.apply(
      (status) => status?.conditions?.find(({ type, status: holds }) => type === announced && holds === "True")?.message,
    );
    this.announcers = this.announcedBy.apply(announcersIn);
    this.registerOutputs(verdict.outputs(() => outputsOf(this, outputs)));
  }
}

const outputs = {
  name: undefined,
  address: undefined,
  addresses: undefined,
  hostname: undefined,
  url: undefined,
  announcedBy: undefined,
  announcers: undefined,
};

/** Which pods serve, where they are, and on which ports. */
interface Backend {
  readonly selector: pulumi.Input<Record<string, pulumi.Input<string>>>;
  readonly namespace: pulumi.Input<string | undefined>;
  readonly ports: pulumi.Output<Port[]>;
}

interface Port {
  readonly name?: string | undefined;
  readonly port: number;
  readonly targetPort?: number | string | undefined;
  readonly targetPortName?: string | undefined;
  readonly nodePort?: number | undefined;
  readonly appProtocol?: string | undefined;
  readonly protocol?: string | undefined;
}

/** What is taken of other resources is taken by property, not by apply: in a preview what the server chooses beside it is not known yet. */
function backendOf(args: ExposedServiceArgs): Backend {
  const given = pulumi.output(args.ports) as pulumi.Output<Port[] | undefined>;
  if (args.service !== undefined) {
    const { spec: of, metadata: where } = pulumi.output(args.service) as unknown as core.v1.Service;
    return {
      selector: of.selector.apply((selector) => selector ?? {}),
      namespace: where.namespace,
      ports: pulumi.all([given, of.ports]).apply(([ports, own]) => ports ?? (own ?? []).map(portOfService)),
    };
  }
  if (args.deployment !== undefined) {
    const { spec: of, metadata: where } = pulumi.output(args.deployment) as unknown as apps.v1.Deployment;
    return {
      selector: of.selector.matchLabels.apply((labels) => labels ?? {}),
      namespace: where.namespace,
      ports: pulumi.all([given, of.template.spec.containers]).apply(([ports, containers]) => {
        const own = containers.flatMap(({ ports: of }) => of ?? []);
        return ports ?? own.map((port) => portOfContainer(port, own.length));
      }),
    };
  }
  return {
    selector: (args.selector ?? {}) as Backend["selector"],
    namespace: undefined,
    ports: given.apply((ports) => ports ?? []),
  };
}

function portOfService({ name, port, targetPort, protocol, appProtocol }: types.output.core.v1.ServicePort): Port {
  return { name, port, targetPort, protocol, appProtocol };
}

function portOfContainer({ name, containerPort, protocol }: types.output.core.v1.ContainerPort, count: number): Port {
  return { name: name ?? (count > 1 ? `port-${containerPort}` : undefined), port: containerPort, protocol };
}

function metadata(name: string, args: ExposedServiceArgs, backendNamespace: Backend["namespace"]) {
  const { eip, address, sharingKey, shareWithNamespaces, hostname, awaitAddress, timeoutSeconds, annotations } = args;
  const asked = { eip, address, sharingKey, shareWithNamespaces, hostname, awaitAddress, timeoutSeconds, annotations };
  const namespace = args.namespace ?? backendNamespace;
  return {
    name: orElse(args.name, name),
    ...(namespace === undefined ? {} : { namespace: namespace as pulumi.Input<string> }),
    ...(args.labels === undefined ? {} : { labels: pulumi.output(args.labels) as pulumi.Output<Record<string, string>> }),
    annotations: pulumi.output(asked).apply((known) => {
      const optional = {
        [eipAnnotation]: known.eip,
        [addressAnnotation]: known.address,
        [sharingKeyAnnotation]: known.sharingKey,
        [shareWithNamespacesAnnotation]: known.shareWithNamespaces?.join(","),
        "external-dns.alpha.kubernetes.io/hostname": known.hostname,
      };
      const waiting: Record<string, string> =
        known.awaitAddress === false
          ? { "pulumi.com/skipAwait": "true" }
          : { "pulumi.com/waitFor": `condition=${announced}`, "pulumi.com/timeoutSeconds": String(known.timeoutSeconds ?? 300) };
      return {
        [loadBalancerAnnotation]: loadBalancerAnnotationValue,
        ...Object.fromEntries(Object.entries(optional).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]]))),
        ...waiting,
        ...known.annotations,
      };
    }),
  };
}

function spec(args: ExposedServiceArgs, { selector, ports }: Backend) {
  const { externalTrafficPolicy, ipFamilyPolicy, loadBalancerClass, sessionAffinity, allocateLoadBalancerNodePorts } = args;
  const optional = { externalTrafficPolicy, ipFamilyPolicy, loadBalancerClass, sessionAffinity, allocateLoadBalancerNodePorts };
  return {
    type: "LoadBalancer",
    selector,
    ports: ports.apply((list) =>
      list.map(({ name, port, targetPort, targetPortName, nodePort, appProtocol, protocol }) => ({
        ...(name === undefined ? {} : { name }),
        port,
        targetPort: targetPortName ?? targetPort ?? port,
        ...(nodePort === undefined ? {} : { nodePort }),
        ...(appProtocol === undefined ? {} : { appProtocol }),
        protocol: protocol ?? "TCP",
      })),
    ),
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
    ...(args.ipFamilies === undefined ? {} : { ipFamilies: args.ipFamilies as pulumi.Input<pulumi.Input<string>[]> }),
  };
}

/**
 * A preview asks the API server what becomes of a Service that is made anew, and is refused: the old one is still there, and its class may
 * not change. Pulumi's plugin does not ask while something is not known yet; nor is the cluster IP, before the server has chosen it. Where
 * the Service stays the engine leaves it out (`ignoreChanges`), so a preview of a change still asks.
 */
function notKnownYet(): { clusterIP?: pulumi.Input<string> } {
  return pulumi.runtime.isDryRun() ? { clusterIP: pulumi.unknown as unknown as string } : {};
}

/** The URL of a host and a port: the scheme's own port is left out, IPv6 goes in brackets. */
export function urlOf(host: string | undefined, port: number | undefined): string | undefined {
  if (host === undefined) return undefined;
  const authority = host.includes(":") ? `[${host}]` : host;
  if (port === 443) return `https://${authority}`;
  return `http://${authority}${port === undefined || port === 80 ? "" : `:${port}`}`;
}

/** The nodes in the sentence of the condition that says who announces: "192.0.2.1 by node1 on eth0: owner; 2001:db8::1 by node1, node2". */
export function announcersIn(sentence: string | undefined): string[] {
  const parts = (sentence ?? "").split("; ").map((part) => /^[0-9a-f.:]+ by (.+?)(?: on .*)?$/.exec(part)?.[1] ?? "");
  return [...new Set(parts.flatMap((names) => (names === "" ? [] : names.split(", "))))];
}
