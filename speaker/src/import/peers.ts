import type { BgpConfSpec } from "@berth/api/bgpConf";
import type { BgpPeerSpec } from "@berth/api/bgpPeer";
import {
  type Declared,
  numberOf,
  type Remark,
  recordOf,
  recordsOf,
  type SourceObject,
  secondsOf,
  textOf,
  titleOf,
} from "./model.ts";
import { anyOf, nodeSelectorOf, overlaps } from "./selectors.ts";

/** MetalLB's BGPPeers and BFDProfiles → BgpConf and BgpPeers. Pure. */

/** Fields of a BGPPeer that have a counterpart, or that say what is so in Berth anyway; what else is there is remarked upon. */
const carried = new Set([
  "myASN",
  "localASN",
  "peerASN",
  "dynamicASN",
  "peerAddress",
  "interface",
  "peerPort",
  "sourceAddress",
  "vrf",
  "holdTime",
  "keepaliveTime",
  "connectTime",
  "routerID",
  "nodeSelectors",
  "password",
  "passwordSecret",
  "ebgpMultiHop",
  "enableGracefulRestart",
  "bfdProfile",
  "dualStackAddressFamily",
  // A session of Berth has the family of its peer's address alone, unless both are asked for.
  "disableMP",
]);

/** What BGPPeers come to. */
interface Peers {
  readonly bgpConf: BgpConfSpec | undefined;
  readonly peers: readonly Declared<BgpPeerSpec>[];
  /** The BgpPeers that each BGPPeer became, by its name. */
  readonly names: ReadonlyMap<string, readonly string[]>;
  readonly remarks: readonly Remark[];
}

/** One BgpPeer for each BGPPeer, or for each of its nodeSelectors when one cannot say it; one BgpConf with the AS number that most of them have. */
export function peersOf(objects: readonly SourceObject[]): Peers {
  const sources = objects.filter(({ kind }) => kind === "BGPPeer");
  if (sources.length === 0) return { bgpConf: undefined, peers: [], names: new Map(), remarks: [] };
  const as = mostCommon(sources.flatMap(({ spec }) => numberOf(spec?.["myASN"]) ?? []));
  const routerIds = [...new Set(sources.flatMap(({ spec }) => textOf(spec?.["routerID"]) ?? []))];
  const bgpConf: BgpConfSpec = {
    ...(as === undefined ? {} : { as }),
    ...(routerIds.length === 1 && routerIds[0] !== undefined ? { routerId: routerIds[0] } : {}),
  };
  const profiles = new Map(
    objects.filter(({ kind }) => kind === "BFDProfile").map(({ metadata, spec }) => [metadata.name, spec ?? {}]),
  );
  const nodes = objects.filter(({ kind }) => kind === "Node");
  const made = sources.map((source) => ({ source, ...peerOf(source, as, profiles, nodes) }));
  return {
    bgpConf,
    peers: made.flatMap(({ peers }) => peers),
    names: new Map(made.map(({ source, peers }) => [source.metadata.name, peers.map(({ name }) => name)])),
    remarks: made.flatMap(({ source, remarks }) => [
      ...remarksOn(source, routerIds.length > 1),
      ...bfdRemarks(source, profiles),
      ...remarks,
    ]),
  };
}

type Profiles = ReadonlyMap<string, Readonly<Record<string, unknown>>>;

function peerOf(
  source: SourceObject,
  as: number | undefined,
  profiles: Profiles,
  nodes: readonly SourceObject[],
): { readonly peers: readonly Declared<BgpPeerSpec>[]; readonly remarks: readonly Remark[] } {
  const spec = source.spec ?? {};
  const bfd = bfdOf(profiles.get(textOf(spec["bfdProfile"]) ?? ""));
  const whole: BgpPeerSpec = {
    conf: confOf(spec, as),
    ...transportOf(spec),
    ...timersOf(spec),
    ...(spec["ebgpMultiHop"] === true ? { ebgpMultihop: { enabled: true } } : {}),
    ...(spec["enableGracefulRestart"] === true ? { gracefulRestart: { enabled: true } } : {}),
    ...(spec["dualStackAddressFamily"] === true ? { afiSafis: (["AFI_IP", "AFI_IP6"] as const).map(unicast) } : {}),
    ...(bfd === undefined ? {} : { bfd }),
  };
  const secret = textOf(recordOf(spec["passwordSecret"])["name"]);
  const isSecret = secret !== undefined || textOf(spec["password"]) !== undefined;
  const passwordFrom = isSecret
    ? { passwordFrom: secret === undefined ? "" : `${source.metadata.namespace ?? "metallb-system"}/${secret}` }
    : {};
  const { name } = source.metadata;
  const selectors = recordsOf(spec["nodeSelectors"]);
  const found = anyOf(selectors, nodes);
  if (found.type === "exact") {
    const limited = found.selector === undefined ? whole : { ...whole, nodeSelector: found.selector };
    return { peers: [{ name, spec: limited, ...passwordFrom }], remarks: [] };
  }
  const about = titleOf(source);
  if (found.type === "listed" && overlaps(selectors, nodes)) {
    const text = `some nodes fit more than one of nodeSelectors, which no single selector says; nodeSelector has the nodes that fit today: ${found.names.join(", ")}`;
    return {
      peers: [{ name, spec: { ...whole, nodeSelector: found.selector }, ...passwordFrom }],
      remarks: [{ about, text, isSerious: true }],
    };
  }
  const peers = selectors.map((selector, index) => ({
    name: `${name}-${index}`,
    spec: { ...whole, nodeSelector: nodeSelectorOf(selector) },
    ...passwordFrom,
  }));
  const text = `it is one BgpPeer for each of its nodeSelectors: ${peers.map((peer) => peer.name).join(", ")}; a node must not fit two of them`;
  return { peers, remarks: [{ about, text, isSerious: found.type === "none" }] };
}

function confOf(spec: Readonly<Record<string, unknown>>, as: number | undefined): BgpPeerSpec["conf"] {
  const [mine, peerAs] = [numberOf(spec["localASN"]) ?? numberOf(spec["myASN"]), numberOf(spec["peerASN"])];
  const [address, neighborInterface, vrf] = [spec["peerAddress"], spec["interface"], spec["vrf"]].map(textOf);
  const dynamicAs = textOf(spec["dynamicASN"]);
  return {
    ...(address === undefined ? {} : { neighborAddress: address }),
    ...(peerAs === undefined || peerAs === 0 ? {} : { peerAs }),
    ...(dynamicAs === "internal" || dynamicAs === "external" ? { dynamicAs } : {}),
    ...(mine === undefined || mine === as ? {} : { localAs: mine }),
    ...(neighborInterface === undefined ? {} : { neighborInterface }),
    ...(vrf === undefined ? {} : { vrf }),
  };
}

function transportOf(spec: Readonly<Record<string, unknown>>): Pick<BgpPeerSpec, "transport"> {
  const [port, localAddress] = [numberOf(spec["peerPort"]), textOf(spec["sourceAddress"])];
  const transport = {
    ...(port === undefined || port === 0 || port === 179 ? {} : { remotePort: port }),
    ...(localAddress === undefined ? {} : { localAddress }),
  };
  return Object.keys(transport).length > 0 ? { transport } : {};
}

/** MetalLB makes the hold time three times the time between KEEPALIVEs when that alone is given; Berth has 90 seconds. */
function timersOf(spec: Readonly<Record<string, unknown>>): Pick<BgpPeerSpec, "timers"> {
  const [given, keepalive, retry] = [spec["holdTime"], spec["keepaliveTime"], spec["connectTime"]].map(secondsOf);
  const hold = given ?? (keepalive === undefined ? undefined : 3 * keepalive);
  const config = {
    ...(retry === undefined ? {} : { connectRetry: String(Math.ceil(retry)) }),
    ...(hold === undefined ? {} : { holdTime: String(Math.floor(hold)) }),
    ...(keepalive === undefined ? {} : { keepaliveInterval: String(Math.max(1, Math.floor(keepalive))) }),
  };
  return Object.keys(config).length > 0 ? { timers: { config } } : {};
}

function unicast<Afi extends "AFI_IP" | "AFI_IP6">(afi: Afi) {
  return { config: { family: { afi, safi: "SAFI_UNICAST" as const }, enabled: true } };
}

/** Fields of a BFDProfile that a BgpPeer has, under the same names and in the same units. */
const bfdFields = ["receiveInterval", "transmitInterval", "detectMultiplier", "passiveMode", "minimumTtl"] as const;

function bfdOf(profile: Readonly<Record<string, unknown>> | undefined): BgpPeerSpec["bfd"] {
  if (profile === undefined) return undefined;
  const fields = bfdFields.flatMap((field) => (profile[field] === undefined ? [] : [[field, profile[field]] as const]));
  return { enabled: true, ...Object.fromEntries(fields) };
}

function bfdRemarks(source: SourceObject, profiles: Profiles): Remark[] {
  const name = textOf(source.spec?.["bfdProfile"]);
  if (name === undefined) return [];
  const about = titleOf(source);
  const profile = profiles.get(name);
  if (profile === undefined)
    return [
      { about, text: `bfdProfile ${JSON.stringify(name)}: no BFDProfile of that name was read, so BFD is off`, isSerious: true },
    ];
  if (profile["echoMode"] !== true) return [];
  const text = `echoMode of BFDProfile ${name} has no counterpart: Berth sends control packets alone; a failure is noticed after receiveInterval times detectMultiplier, not after echoInterval`;
  return [{ about, text, isSerious: false }];
}

function remarksOn(source: SourceObject, hasManyRouterIds: boolean): Remark[] {
  const about = titleOf(source);
  const spec = source.spec ?? {};
  const secret = textOf(recordOf(spec["passwordSecret"])["name"]);
  const left = Object.entries(spec).filter(([field, value]) => !carried.has(field) && value !== false && value !== "");
  const unreadable = (["holdTime", "keepaliveTime", "connectTime"] as const).filter(
    (field) => spec[field] !== undefined && secondsOf(spec[field]) === undefined,
  );
  return [
    ...left.map(([field, value]) => ({
      about,
      text: `${field} is not known and was left out: ${JSON.stringify(value)}; see docs/bgp.md for what a BgpPeer can say`,
      isSerious: true,
    })),
    ...unreadable.map((field) => ({
      about,
      text: `${field} is no duration and was left out: ${JSON.stringify(spec[field])}`,
      isSerious: true,
    })),
    ...(hasManyRouterIds && textOf(spec["routerID"]) !== undefined
      ? [
          {
            about,
            text: `routerID ${String(spec["routerID"])} differs between peers; each node uses its own address`,
            isSerious: false,
          },
        ]
      : []),
    ...(secret === undefined && textOf(spec["password"]) === undefined
      ? []
      : [
          {
            about,
            text: passwordText(source.metadata.name, secret),
            isSerious: true,
          },
        ]),
    ...((numberOf(spec["peerASN"]) ?? 0) === 0 && textOf(spec["dynamicASN"]) === undefined
      ? [{ about, text: "it names no AS number of the peer; write it into conf.peerAs", isSerious: true }]
      : []),
  ];
}

function passwordText(peer: string, secret: string | undefined): string {
  const where = secret === undefined ? "in clear" : `in the Secret ${secret}`;
  return `the password ${where} was not read: a program takes it as the secret setting ${peer}Password; manifests name the Secret ${secret ?? `${peer}-password`}, which has to be in Berth's namespace`;
}

function mostCommon(numbers: readonly number[]): number | undefined {
  const counts = new Map<number, number>();
  for (const number of numbers) counts.set(number, (counts.get(number) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0];
}
