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

/** MetalLB's BGPPeers → BgpConf and BgpPeers. Pure. */

/** Fields of a BGPPeer that are carried over below; what else is there is remarked upon. */
const carried = new Set([
  "myASN",
  "peerASN",
  "peerAddress",
  "peerPort",
  "holdTime",
  "keepaliveTime",
  "connectTime",
  "routerID",
  "nodeSelectors",
  "password",
  "passwordSecret",
  "ebgpMultiHop",
  "enableGracefulRestart",
  "interface",
]);

/** One BgpPeer for each BGPPeer, or for each of its nodeSelectors; one BgpConf with the AS number that most of them have. */
export function peersOf(objects: readonly SourceObject[]): {
  readonly bgpConf: BgpConfSpec | undefined;
  readonly peers: readonly Declared<BgpPeerSpec>[];
  readonly remarks: readonly Remark[];
} {
  const sources = objects.filter(({ kind }) => kind === "BGPPeer");
  if (sources.length === 0) return { bgpConf: undefined, peers: [], remarks: [] };
  const as = mostCommon(sources.flatMap(({ spec }) => numberOf(spec?.["myASN"]) ?? []));
  const routerIds = [...new Set(sources.flatMap(({ spec }) => textOf(spec?.["routerID"]) ?? []))];
  const bgpConf: BgpConfSpec = {
    ...(as === undefined ? {} : { as }),
    ...(routerIds.length === 1 && routerIds[0] !== undefined ? { routerId: routerIds[0] } : {}),
  };
  const remarks = sources.flatMap((source) => remarksOn(source, routerIds.length > 1));
  return { bgpConf, peers: sources.flatMap((source) => peerOf(source, as)), remarks };
}

function peerOf(source: SourceObject, as: number | undefined): Declared<BgpPeerSpec>[] {
  const spec = source.spec ?? {};
  const [hold, keepalive, retry] = [spec["holdTime"], spec["keepaliveTime"], spec["connectTime"]].map(secondsOf);
  const config = {
    ...(retry === undefined ? {} : { connectRetry: String(Math.ceil(retry)) }),
    ...(hold === undefined ? {} : { holdTime: String(Math.floor(hold)) }),
    ...(keepalive === undefined ? {} : { keepaliveInterval: String(Math.max(1, Math.floor(keepalive))) }),
  };
  const [mine, port, secret] = [
    numberOf(spec["myASN"]),
    numberOf(spec["peerPort"]),
    textOf(recordOf(spec["passwordSecret"])["name"]),
  ];
  const neighborInterface = textOf(spec["interface"]);
  const whole: BgpPeerSpec = {
    conf: {
      neighborAddress: textOf(spec["peerAddress"]) ?? "",
      peerAs: numberOf(spec["peerASN"]) ?? 0,
      ...(mine === undefined || mine === as ? {} : { localAs: mine }),
      ...(neighborInterface === undefined ? {} : { neighborInterface }),
    },
    ...(port === undefined || port === 179 ? {} : { transport: { remotePort: port } }),
    ...(Object.keys(config).length > 0 ? { timers: { config } } : {}),
    ...(spec["ebgpMultiHop"] === true ? { ebgpMultihop: { enabled: true } } : {}),
    ...(spec["enableGracefulRestart"] === true ? { gracefulRestart: { enabled: true } } : {}),
  };
  const isSecret = secret !== undefined || textOf(spec["password"]) !== undefined;
  const passwordFrom = isSecret
    ? { passwordFrom: secret === undefined ? "" : `${source.metadata.namespace ?? "metallb-system"}/${secret}` }
    : {};
  const selectors = recordsOf(spec["nodeSelectors"]).filter((selector) => Object.keys(selector).length > 0);
  if (selectors.length === 0) return [{ name: source.metadata.name, spec: whole, ...passwordFrom }];
  return selectors.map((nodeSelector, index) => ({
    name: selectors.length === 1 ? source.metadata.name : `${source.metadata.name}-${index}`,
    spec: { ...whole, nodeSelector: nodeSelector as NonNullable<BgpPeerSpec["nodeSelector"]> },
    ...passwordFrom,
  }));
}

function remarksOn(source: SourceObject, hasManyRouterIds: boolean): Remark[] {
  const about = titleOf(source);
  const spec = source.spec ?? {};
  const secret = textOf(recordOf(spec["passwordSecret"])["name"]);
  const left = Object.entries(spec).filter(([field, value]) => !carried.has(field) && value !== false && value !== "");
  return [
    ...left.map(([field, value]) => ({
      about,
      text: `${field} is not carried over: ${JSON.stringify(value)}; see docs/bgp.md for what a BgpPeer can say`,
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
            text: `the password ${secret === undefined ? "in clear" : `in the Secret ${secret}`} was not read: give it to the program as a secret, or make a Secret in Berth's namespace and name it in conf.passwordSecretRef`,
            isSerious: true,
          },
        ]),
    ...(numberOf(spec["peerASN"]) === undefined
      ? [{ about, text: "it names no AS number of the peer (dynamicASN); write it into conf.peerAs", isSerious: true }]
      : []),
  ];
}

function mostCommon(numbers: readonly number[]): number | undefined {
  const counts = new Map<number, number>();
  for (const number of numbers) counts.set(number, (counts.get(number) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0];
}
