import type { EipSpec } from "@berth/api/eip";
import { parsePool, rangesContain } from "../allocate/ranges.ts";
import { parseAddress } from "../net/address.ts";
import { fromOpenelb } from "./fromOpenelb.ts";
import { type Declared, type ImportPlan, type Remark, recordOf, recordsOf, type SourceObject, textOf, titleOf } from "./model.ts";
import { peersOf } from "./peers.ts";
import { eipsOf } from "./pools.ts";

/** Kinds that are read and need no counterpart of their own: what they say goes into others, or nothing of it is needed. */
const read = new Set([
  "Eip",
  "BgpConf",
  "BgpPeer",
  "IPAddressPool",
  "L2Advertisement",
  "BGPAdvertisement",
  "BGPPeer",
  "BFDProfile",
  "Community",
  "Node",
  "Service",
  "Namespace",
]);

/** Makes a plan of everything that was read. @returns the plan; its remarks say what has no counterpart, its `kept` where each address goes */
export function planImport(objects: readonly SourceObject[]): ImportPlan {
  const openelb = fromOpenelb(objects);
  const metallb = objects.filter(({ apiVersion }) => apiVersion.startsWith("metallb.io/"));
  const around = objects.filter(({ kind, apiVersion }) => apiVersion === "v1" && (kind === "Namespace" || kind === "Node"));
  const peers = peersOf([...metallb, ...around]);
  const pools = eipsOf([...metallb, ...around], peers.names);
  const eips = [...openelb.eips, ...pools.eips];
  const services = objects.filter(({ kind, spec }) => kind === "Service" && spec?.["type"] === "LoadBalancer");
  const kept = services.flatMap((service) => keptBy(service, eips));
  const classes = services.flatMap(({ spec }) => textOf(spec?.["loadBalancerClass"]) ?? []);
  return {
    bgpConf: openelb.bgpConf ?? peers.bgpConf,
    eips,
    peers: [...openelb.peers, ...peers.peers],
    loadBalancerClasses: [...new Set(classes)].sort(),
    kept,
    remarks: [
      ...openelb.remarks,
      ...pools.remarks,
      ...peers.remarks,
      ...metallb.filter(({ kind }) => !read.has(kind)).map(noCounterpart),
      ...clashes(eips),
      ...kept.filter(({ eip }) => eip === undefined).map(lost),
    ],
  };
}

/** The addresses that a Service holds, and the Eip that has each of them. */
function keptBy(service: SourceObject, eips: readonly Declared<EipSpec>[]): ImportPlan["kept"] {
  const ingress = recordsOf(recordOf(service.status?.["loadBalancer"])["ingress"]);
  return ingress
    .flatMap(({ ip }) => textOf(ip) ?? [])
    .map((address) => ({
      service: `${service.metadata.namespace ?? "default"}/${service.metadata.name}`,
      address,
      eip: eips.find(({ spec }) => holds(spec, address))?.name,
    }));
}

function holds(spec: EipSpec, text: string): boolean {
  const address = parseAddress(text);
  const pool = parsePool([spec.address, ...(spec.addresses ?? [])], []);
  return address !== undefined && "ranges" in pool && rangesContain(pool.ranges, address);
}

function lost({ service, address }: { readonly service: string; readonly address: string }): Remark {
  return {
    about: `Service ${service}`,
    text: `it holds ${address}, which no pool that was read has; it keeps it until it asks for another, but nobody announces it`,
    isSerious: true,
  };
}

function clashes(eips: readonly Declared<EipSpec>[]): Remark[] {
  return eips
    .filter(({ name }, index) => eips.findIndex((other) => other.name === name) < index)
    .map(({ name }) => ({ about: `Eip ${name}`, text: "two pools have this name; rename one of them", isSerious: true }));
}

/** Kinds that only report. */
const reports = new Set(["ServiceL2Status", "ServiceBGPStatus", "ConfigurationState"]);

function noCounterpart(object: SourceObject): Remark {
  const isReport = reports.has(object.kind);
  const text = isReport ? "a report; there is nothing to carry over" : `there is no ${object.kind} in Berth; it was left out`;
  return { about: titleOf(object), text, isSerious: !isReport };
}
