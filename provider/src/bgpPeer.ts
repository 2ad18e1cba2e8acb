import { type BgpPeerSpec, type BgpPeerStatus, bgpPeerSpec } from "@berth/api/bgpPeer";
import { core } from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { givenByName, orMistake } from "./calls.ts";
import { isReference, objectMetadata, orElse, outputsOf, specOf, typeToken, withFields } from "./component.ts";
import type { bgpPeerArgs } from "./fields.ts";
import type { ArgsOf } from "./inputs.ts";
import { judge } from "./judge.ts";
import { defaultNamespace, labels } from "./manifests/names.ts";
import { customObject } from "./object.ts";
import { type RouterConfigFacts, type RouterVendor, routerConfig } from "./routerConfig/routerConfig.ts";

/** The arguments of a BgpPeer: every field of the object, its password, and how to wait for it. */
export type BgpPeerArgs = ArgsOf<typeof bgpPeerArgs>;

/** What a router's configuration needs besides the BgpPeer. */
export interface RouterConfigArgs {
  /** The AS number of the speakers: `as` of the BgpConf. */
  readonly as: pulumi.Input<number>;
  /** Addresses of the nodes, or networks that they are in, such as 172.30.0.0/24. */
  readonly nodes: pulumi.Input<pulumi.Input<string>[]>;
  /** Addresses that the router accepts: `ranges` of the Eips, or ranges, CIDRs and single addresses. */
  readonly pools: pulumi.Input<pulumi.Input<string | string[]>[]>;
  /** Among how many nodes the router spreads traffic. Default 16. */
  readonly maximumPaths?: pulumi.Input<number> | undefined;
  /** The prefix length of IPv4 aggregates, if the pools are announced as such: `bgp.aggregationLength` of the Eip. */
  readonly aggregationLength?: pulumi.Input<number> | undefined;
  /** The prefix length of IPv6 aggregates: `bgp.aggregationLengthV6` of the Eip. */
  readonly aggregationLengthV6?: pulumi.Input<number> | undefined;
}

/**
 * A router that the speakers peer with.
 *
 * @example
 * ```ts
 * const router = new berth.BgpPeer("router", { conf: { neighborAddress: "172.30.0.1", peerAs: 65001 }, password: config.requireSecret("bgpPassword") });
 * export const frr = router.routerConfig("frr", { as: conf.as, nodes: ["172.30.0.0/24"], pools: [office.ranges] });
 * ```
 */
export class BgpPeer extends pulumi.ComponentResource {
  /** The name of the BgpPeer in the cluster. */
  declare readonly name: pulumi.Output<string>;
  /** The state of each node's session when Pulumi last looked, by node: ESTABLISHED, ACTIVE and so on. */
  declare readonly sessions: pulumi.Output<Readonly<Record<string, string>>>;
  /** Whether every node had its session when Pulumi last looked. */
  declare readonly established: pulumi.Output<boolean>;
  /** What the BgpPeer says of the session: its spec, without a password. */
  declare readonly session: pulumi.Output<BgpPeerSpec>;
  /** Whether the session has a password. */
  declare readonly hasPassword: pulumi.Output<boolean>;

  constructor(name: string, args: BgpPeerArgs, options: pulumi.ComponentResourceOptions = {}) {
    if (isReference(options)) {
      super(typeToken("BgpPeer"), name, outputs, options);
      return;
    }
    const { password, ...visible } = args;
    const hidden = password === undefined ? {} : { password: pulumi.secret(password) };
    super(typeToken("BgpPeer"), name, { ...visible, ...hidden }, options);
    const verdict = judge(this, "BgpPeer", name, { ...visible, ...hidden }, options);
    const spec = specOf(args, bgpPeerSpec);
    const secret =
      password === undefined
        ? undefined
        : new core.v1.Secret(
            `${name}-password`,
            {
              // No name: a new password is a new Secret, the BgpPeer turns to it, and the old one goes last.
              metadata: { namespace: orElse(args.namespace, defaultNamespace), labels: labels() },
              stringData: { password: pulumi.secret(password) },
            },
            verdict.child(),
          );
    const object = customObject<BgpPeerStatus>(
      name,
      {
        kind: "BgpPeer",
        metadata: objectMetadata(name, args),
        spec:
          secret === undefined
            ? spec
            : { ...spec, conf: withFields(args.conf, { passwordSecretRef: { name: secret.metadata.name, key: "password" } }) },
        adopt: args.adopt === true,
      },
      verdict.child(),
    );
    this.name = object.name;
    this.sessions = object.status.apply((known) =>
      Object.fromEntries(
        Object.entries(known?.nodesPeerStatus ?? {}).map(([node, { peerState }]) => [node, peerState?.sessionState ?? "IDLE"]),
      ),
    );
    this.established = this.sessions.apply((known) => {
      const states = Object.values(known);
      return states.length > 0 && states.every((state) => state === "ESTABLISHED");
    });
    this.session = verdict.output(() => pulumi.output(spec) as unknown as pulumi.Output<BgpPeerSpec>);
    this.hasPassword = this.session.apply(({ conf }) => password !== undefined || conf.passwordSecretRef !== undefined);
    this.registerOutputs(verdict.outputs(() => outputsOf(this, outputs)));
  }

  /**
   * The configuration of the router at the other end: the speakers as neighbours, and a filter that accepts exactly the pools. Where the
   * password goes it has a placeholder.
   * @param vendor `frr`, `bird` (BIRD 2), `gobgp`, `openbgpd`, `cisco` (IOS-XE), `arista` (EOS), `junos` or `mikrotik` (RouterOS 7)
   */
  routerConfig(vendor: pulumi.Input<RouterVendor>, args: RouterConfigArgs): pulumi.Output<string>;
  /** The same with the router's maker by name, as in the generated SDKs. */
  routerConfig(args: RouterConfigArgs & { readonly vendor: pulumi.Input<RouterVendor> }): pulumi.Output<string>;
  routerConfig(
    first: pulumi.Input<RouterVendor> | (RouterConfigArgs & { readonly vendor: pulumi.Input<RouterVendor> }),
    second?: RouterConfigArgs,
  ): pulumi.Output<string> {
    const vendor = givenByName<"vendor", RouterVendor>(first, "vendor");
    const { vendor: _, ...args } = { ...(second ?? (first as RouterConfigArgs)), vendor };
    return pulumi
      .all([vendor, this.name, this.session, this.hasPassword, pulumi.output(args)])
      .apply(([maker, name, session, hasPassword, facts]) => {
        const { pools, ...rest } = facts as Omit<RouterConfigFacts, "pools"> & { readonly pools: readonly (string | string[])[] };
        return orMistake(`routerConfig of BgpPeer "${name}"`, () =>
          routerConfig(maker, name, session as BgpPeerSpec, hasPassword, { ...rest, pools: pools.flat() }),
        );
      });
  }
}

const outputs = { name: undefined, sessions: undefined, established: undefined, session: undefined, hasPassword: undefined };
