import type { EipSpec } from "@berth/api/eip";
import { type Announced, bgpOf, layer2Of, type References } from "./advertisements.ts";
import { communityNames } from "./communities.ts";
import { type Declared, numberOf, type Remark, recordOf, recordsOf, type SourceObject, textsOf, titleOf } from "./model.ts";
import { labelMapsOf, selects } from "./selectors.ts";

/** MetalLB's pools and who announces them → Eips. Pure. */

/** Among pools that a Service may have, MetalLB asks those without a priority last. */
const lastPriority = 1_000_000;

/** What an advertisement says of pools. */
interface Advertisement {
  readonly object: SourceObject;
  readonly covers: (pool: SourceObject) => boolean;
}

/** One Eip for each IPAddressPool. @param peers the BgpPeers that each BGPPeer became, by its name */
export function eipsOf(
  objects: readonly SourceObject[],
  peers: References["peers"],
): {
  readonly eips: readonly Declared<EipSpec>[];
  readonly remarks: readonly Remark[];
} {
  const ofKind = (kind: string): SourceObject[] => objects.filter((object) => object.kind === kind);
  const layer2 = ofKind("L2Advertisement").map(advertisement);
  const bgp = ofKind("BGPAdvertisement").map(advertisement);
  const namespaces = ofKind("Namespace");
  const references = { nodes: ofKind("Node"), communityNames: communityNames(objects), peers };
  const made = ofKind("IPAddressPool").map((pool) =>
    eipOf(
      pool,
      layer2.filter(({ covers }) => covers(pool)).map(({ object }) => object),
      bgp.filter(({ covers }) => covers(pool)).map(({ object }) => object),
      namespaces,
      references,
    ),
  );
  return { eips: made.map(({ eip }) => eip), remarks: made.flatMap((one) => one.remarks) };
}

function advertisement(object: SourceObject): Advertisement {
  const names = textsOf(object.spec?.["ipAddressPools"]);
  const selectors = recordsOf(object.spec?.["ipAddressPoolSelectors"]);
  return {
    object,
    covers: (pool) =>
      (names.length === 0 && selectors.length === 0) ||
      names.includes(pool.metadata.name) ||
      selectors.some((selector) => selects(selector, pool.metadata.labels ?? {})),
  };
}

function eipOf(
  pool: SourceObject,
  layer2: readonly SourceObject[],
  bgp: readonly SourceObject[],
  namespaces: readonly SourceObject[],
  references: References,
): { readonly eip: Declared<EipSpec>; readonly remarks: readonly Remark[] } {
  const spec = pool.spec ?? {};
  const about = titleOf(pool);
  const serious = (text: string): Remark => ({ about, text, isSerious: true });
  const [address = "", ...addresses] = textsOf(spec["addresses"]).map((text) => text.replace(/\s+/g, ""));
  const binding = bindingOf(about, recordOf(spec["serviceAllocation"]), namespaces);
  const protocol = layer2.length > 0 ? "layer2" : "bgp";
  const announced = announcedBy(about, layer2, bgp, references);
  const eip: EipSpec = {
    address,
    ...(addresses.length > 0 ? { addresses } : {}),
    protocol,
    ...announced.spec,
    ...(spec["autoAssign"] === false ? { autoAssign: false } : {}),
    ...(spec["avoidBuggyIPs"] === true ? { avoidBuggyIPs: true } : {}),
    ...binding.spec,
  };
  const remarks = [
    ...(layer2.length > 0 && bgp.length > 0
      ? [serious("it is announced by Layer2 and by BGP; an Eip is announced in one way, and layer2 was chosen")]
      : []),
    ...(layer2.length === 0 && bgp.length === 0
      ? [serious("no advertisement covers it, so MetalLB announces it nowhere; Berth would, by bgp")]
      : []),
    ...announced.remarks,
    ...binding.remarks,
  ];
  return { eip: { name: pool.metadata.name, spec: eip }, remarks };
}

function announcedBy(
  about: string,
  layer2: readonly SourceObject[],
  bgp: readonly SourceObject[],
  references: References,
): Announced {
  if (layer2.length > 0) return layer2Of(about, layer2, references);
  return bgp.length > 0 ? bgpOf(about, bgp, references) : { spec: {}, remarks: [] };
}

/** MetalLB gives from a pool that is bound to nobody to everybody; an Eip must be bound to be used by itself. */
function bindingOf(
  about: string,
  allocation: Readonly<Record<string, unknown>>,
  namespaces: readonly SourceObject[],
): { readonly spec: Partial<EipSpec>; readonly remarks: readonly Remark[] } {
  const names = textsOf(allocation["namespaces"]);
  const namespaceSelectors = recordsOf(allocation["namespaceSelectors"]);
  const serviceSelectors = recordsOf(allocation["serviceSelectors"]);
  const wanted = numberOf(allocation["priority"]) ?? 0;
  const priority = wanted === 0 ? lastPriority : wanted;
  if (names.length + namespaceSelectors.length + serviceSelectors.length === 0)
    return { spec: { namespaceSelector: {}, priority: lastPriority + 1 }, remarks: [] };
  const maps = namespaceSelectors.flatMap((one) => labelMapsOf(one) ?? [undefined]);
  const single = maps.length === 1 ? maps[0] : undefined;
  const isExact = namespaceSelectors.length === 0 || (single !== undefined && names.length === 0);
  const listed = isExact
    ? names
    : [
        ...new Set([
          ...names,
          ...namespaces
            .filter(({ metadata }) => namespaceSelectors.some((one) => selects(one, metadata.labels ?? {})))
            .map(({ metadata }) => metadata.name),
        ]),
      ];
  const labels = serviceSelectors.flatMap((one) => labelMapsOf(one) ?? []);
  const strange = serviceSelectors.filter((one) => labelMapsOf(one) === undefined);
  const spec: Partial<EipSpec> = {
    ...(listed.length > 0 ? { namespaces: listed } : {}),
    ...(isExact && single !== undefined ? { namespaceSelector: single } : {}),
    ...(isExact && listed.length === 0 && single === undefined ? { namespaceSelector: {} } : {}),
    ...(labels.length > 0 ? { serviceSelectors: labels.map((matchLabels) => ({ matchLabels })) } : {}),
    restrict: true,
    priority,
  };
  const remarks: Remark[] = [
    ...(isExact
      ? []
      : [
          {
            about,
            text: `serviceAllocation.namespaceSelectors say more than one map of labels can; the namespaces that match today were listed: ${listed.join(", ") || "none"}`,
            isSerious: true,
          },
        ]),
    ...strange.map((one) => ({
      about,
      text: `serviceAllocation.serviceSelectors has ${JSON.stringify(one)}; an Eip takes labels and their values, no other operator than In; it was left out${labels.length === 0 ? ", so the pool is for every Service of its namespaces" : ""}`,
      isSerious: true,
    })),
  ];
  return { spec, remarks };
}
