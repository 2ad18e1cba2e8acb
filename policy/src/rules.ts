import { bgpPeerSpec } from "@berth/api/bgpPeer";
import { group } from "@berth/api/crds";
import { outsideOf } from "@berth/pulumi/addresses";

/** The rules, pure: what is wrong with the objects that a program declares. */

/** An object as a policy pack sees it: the type token of the resource, and its properties. */
export interface Declared {
  readonly type: string;
  readonly name: string;
  readonly props: Readonly<Record<string, unknown>>;
}

/** A violation: of which resource, and what would be right. */
export interface Violation {
  readonly name: string;
  readonly message: string;
}

/** The networks that nobody routes on the Internet. @see RFC 1918 §3, RFC 4193 §3, RFC 6598 §7 */
export const privateNetworks: readonly string[] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"];

type Plain = Readonly<Record<string, unknown>>;
const record = (value: unknown): Plain => (typeof value === "object" && value !== null ? (value as Plain) : {});
const texts = (value: unknown): string[] =>
  (Array.isArray(value) ? (value as unknown[]) : [value]).filter((text): text is string => typeof text === "string");

/** Whether a resource is an object of ours of a kind, made or taken over. */
export function isOurs({ type }: Pick<Declared, "type">, kind: "Eip" | "BgpConf" | "BgpPeer"): boolean {
  return new RegExp(`^kubernetes:${group.replaceAll(".", "\\.")}/v\\w+:${kind}(Patch)?$`).test(type);
}

/** Pools must lie in networks that the organisation allows. @param allowed the private ones and those added */
export function publicAddresses(eip: Declared, allowed: readonly string[]): Violation[] {
  const spec = record(eip.props["spec"]);
  const entries = [...texts(spec["address"]), ...texts(spec["addresses"])];
  const outside = outsideOf(entries, texts(spec["exclude"]), allowed);
  if (outside.length === 0) return [];
  return [
    {
      name: eip.name,
      message: `Eip "${eip.name}": ${outside.join(", ")} of ${entries.join(", ")} is in no allowed network (${allowed.join(", ")}); take addresses of those, or add the network to allowedNetworks`,
    },
  ];
}

/** Pools must say how many addresses one namespace may have. */
export function missingQuota(eip: Declared, highest: number): Violation[] {
  const limit = record(eip.props["spec"])["perNamespaceLimit"];
  if (typeof limit !== "number" || limit < 1)
    return [
      {
        name: eip.name,
        message: `Eip "${eip.name}" has no perNamespaceLimit; give the most addresses that one namespace may have, at most ${highest}`,
      },
    ];
  return limit > highest
    ? [
        {
          name: eip.name,
          message: `Eip "${eip.name}": perNamespaceLimit ${limit} is more than ${highest}, which is the most here`,
        },
      ]
    : [];
}

/** External peers must sign their sessions. The AS of the speakers is the BgpConf's, or the peer's localAs. */
export function unsignedPeers(all: readonly Declared[]): Violation[] {
  const conf = all.find((one) => isOurs(one, "BgpConf"));
  const speakersAs = record(conf?.props["spec"])["as"];
  return all
    .filter((one) => isOurs(one, "BgpPeer"))
    .flatMap(({ name, props }) => {
      const who = record(record(props["spec"])["conf"]);
      const own = who["localAs"] || speakersAs;
      const isInternal = who["dynamicAs"] === "internal" || (own !== undefined && who["peerAs"] === own);
      const isSigned = signatures.some((field) => who[field] !== undefined && who[field] !== "");
      return isInternal || isSigned
        ? []
        : [
            {
              name,
              message: `BgpPeer "${name}" is external (AS ${String(who["peerAs"] ?? who["dynamicAs"])}) and its session is not signed; give it a password`,
            },
          ];
    });
}

/** The fields of a peer that sign its session, as far as the API has them. */
const signatures = Object.keys(bgpPeerSpec.conf.fields).filter((field) =>
  /^(authPassword|passwordSecretRef|tcpAo.*|ao.*)$/i.test(field),
);
