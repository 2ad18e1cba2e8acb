import {
  addressAnnotation,
  eipAnnotation,
  loadBalancerAnnotation,
  loadBalancerAnnotationValue,
  sharingKeyAnnotation,
} from "@berth/api/annotations";
import { core } from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { exposedServiceProblems } from "./checks.ts";
import { checked, typeToken } from "./component.ts";
import type { exposedServiceArgs } from "./fields.ts";
import type { ArgsOf } from "./inputs.ts";

/** The arguments of an ExposedService. */
export type ExposedServiceArgs = ArgsOf<typeof exposedServiceArgs>;

/**
 * Pods, reachable from the network under an address of an Eip. `up` ends when the address is there, or with the controller's reason why not.
 *
 * @example
 * ```ts
 * const page = new berth.ExposedService("page", { selector: { app: "page" }, ports: [{ port: 80, targetPort: 8080 }], eip: "office" });
 * export const url = page.url;
 * ```
 */
export class ExposedService extends pulumi.ComponentResource {
  /** The address; the first of them when there are two families. Absent until the Service has one. */
  declare readonly address: pulumi.Output<string | undefined>;
  /** All addresses. */
  declare readonly addresses: pulumi.Output<string[]>;
  /** "http://address" with the first port, or https for port 443. Absent until the Service has an address. */
  declare readonly url: pulumi.Output<string | undefined>;
  /** The name of the Service in the cluster. */
  declare readonly name: pulumi.Output<string>;

  constructor(name: string, args: ExposedServiceArgs, options: pulumi.ComponentResourceOptions = {}) {
    super(typeToken("ExposedService"), name, args, options);
    const resolved = checked("ExposedService", name, args, exposedServiceProblems) as pulumi.Output<Plain>;
    const service = new core.v1.Service(
      name,
      { metadata: resolved.apply((known) => metadata(name, known)), spec: resolved.apply(spec) },
      { parent: this, ...(options.customTimeouts === undefined ? {} : { customTimeouts: options.customTimeouts }) },
    );
    this.name = service.metadata.name;
    this.addresses = service.status.apply((status) =>
      (status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => (ip === undefined ? [] : [ip])),
    );
    this.address = this.addresses.apply(([first]) => first);
    this.url = pulumi.all([this.address, resolved]).apply(([address, known]) => urlOf(address, known.ports[0]?.port));
    this.registerOutputs({ name: this.name, address: this.address, addresses: this.addresses, url: this.url });
  }
}

/** The arguments when everything is known. */
interface Plain {
  readonly name?: string;
  readonly namespace?: string;
  readonly selector: Readonly<Record<string, string>>;
  readonly ports: readonly {
    readonly name?: string;
    readonly port: number;
    readonly targetPort?: number;
    readonly protocol?: string;
  }[];
  readonly eip?: string;
  readonly address?: string;
  readonly sharingKey?: string;
  readonly externalTrafficPolicy?: string;
  readonly ipFamilyPolicy?: string;
  readonly ipFamilies?: readonly string[];
  readonly loadBalancerClass?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly awaitAddress?: boolean;
  readonly timeoutSeconds?: number;
}

function metadata(name: string, args: Plain) {
  const annotations = {
    [loadBalancerAnnotation]: loadBalancerAnnotationValue,
    ...(args.eip === undefined ? {} : { [eipAnnotation]: args.eip }),
    ...(args.address === undefined ? {} : { [addressAnnotation]: args.address }),
    ...(args.sharingKey === undefined ? {} : { [sharingKeyAnnotation]: args.sharingKey }),
    ...(args.awaitAddress === false
      ? { "pulumi.com/skipAwait": "true" }
      : { "pulumi.com/timeoutSeconds": String(args.timeoutSeconds ?? 300) }),
    ...args.annotations,
  };
  return {
    name: args.name ?? name,
    ...(args.namespace === undefined ? {} : { namespace: args.namespace }),
    ...(args.labels === undefined ? {} : { labels: { ...args.labels } }),
    annotations,
  };
}

function spec(args: Plain) {
  const optional = {
    externalTrafficPolicy: args.externalTrafficPolicy,
    ipFamilyPolicy: args.ipFamilyPolicy,
    ipFamilies: args.ipFamilies === undefined ? undefined : [...args.ipFamilies],
    loadBalancerClass: args.loadBalancerClass,
  };
  return {
    type: "LoadBalancer",
    selector: { ...args.selector },
    ports: args.ports.map(({ name, port, targetPort, protocol }) => ({
      ...(name === undefined ? {} : { name }),
      port,
      targetPort: targetPort ?? port,
      protocol: protocol ?? "TCP",
    })),
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
  };
}

/** The URL of an address and a port: the scheme's own port is left out, IPv6 goes in brackets. */
export function urlOf(address: string | undefined, port: number | undefined): string | undefined {
  if (address === undefined) return undefined;
  const host = address.includes(":") ? `[${address}]` : address;
  if (port === 443) return `https://${host}`;
  return `http://${host}${port === undefined || port === 80 ? "" : `:${port}`}`;
}
