import type { EipSpec } from "@berth/api/eip";
import {
  type Declared,
  numberOf,
  type Remark,
  recordOf,
  recordsOf,
  type SourceObject,
  textOf,
  textsOf,
  titleOf,
} from "./model.ts";

/** MetalLB's pools and who announces them → Eips. Pure. */

/** Among pools that a Service may have, MetalLB asks those without a priority last. */
const lastPriority = 1_000_000;

/** What an advertisement says of pools. */
interface Advertisement {
  readonly object: SourceObject;
  readonly covers: (pool: SourceObject) => boolean;
}

/** One Eip for each IPAddressPool that is announced at all. */
export function eipsOf(objects: readonly SourceObject[]): {
  readonly eips: readonly Declared<EipSpec>[];
  readonly remarks: readonly Remark[];
} {
  const ofKind = (kind: string): SourceObject[] => objects.filter((object) => object.kind === kind);
  const layer2 = ofKind("L2Advertisement").map(advertisement);
  const bgp = ofKind("BGPAdvertisement").map(advertisement);
  const namespaces = ofKind("Namespace");
  const made = ofKind("IPAddressPool").map((pool) =>
    eipOf(
      pool,
      layer2.filter(({ covers }) => covers(pool)).map(({ object }) => object),
      bgp.filter(({ covers }) => covers(pool)).map(({ object }) => object),
      namespaces,
    ),
  );
  const remarks = [...ofKind("L2Advertisement"), ...ofKind("BGPAdvertisement")].flatMap(nodeRemarks);
  return { eips: made.map(({ eip }) => eip), remarks: [...made.flatMap((one) => one.remarks), ...remarks] };
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
): { readonly eip: Declared<EipSpec>; readonly remarks: readonly Remark[] } {
  const spec = pool.spec ?? {};
  const about = titleOf(pool);
  const serious = (text: string): Remark => ({ about, text, isSerious: true });
  const [address = "", ...addresses] = textsOf(spec["addresses"]).map((text) => text.replace(/\s+/g, ""));
  const binding = bindingOf(about, recordOf(spec["serviceAllocation"]), namespaces);
  const interfaces = layer2.map(({ spec: one }) => textsOf(one?.["interfaces"]));
  const isEverywhere = interfaces.some((list) => list.length === 0);
  const protocol = layer2.length > 0 ? "layer2" : "bgp";
  const eip: EipSpec = {
    address,
    ...(addresses.length > 0 ? { addresses } : {}),
    protocol,
    ...(isEverywhere || protocol === "bgp" ? {} : { interface: [...new Set(interfaces.flat())].join(",") }),
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
    ...(protocol === "bgp" ? bgp.flatMap((one) => attributeRemarks(about, one)) : []),
    ...binding.remarks,
  ];
  return { eip: { name: pool.metadata.name, spec: eip }, remarks };
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
  const single = namespaceSelectors.length === 1 ? plainLabels(namespaceSelectors[0]) : undefined;
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
  const labels = serviceSelectors.map(plainLabels).filter((one) => one !== undefined);
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
    ...(labels.length < serviceSelectors.length
      ? [
          {
            about,
            text: "serviceAllocation.serviceSelectors with matchExpressions have no counterpart; they were left out",
            isSerious: true,
          },
        ]
      : []),
  ];
  return { spec, remarks };
}

function attributeRemarks(about: string, { metadata, spec }: SourceObject): Remark[] {
  const name = `BGPAdvertisement ${metadata.name}`;
  const given = (["aggregationLength", "aggregationLengthV6", "localPref", "communities", "peers"] as const).filter((field) => {
    const value = spec?.[field];
    const isDefault = (field === "aggregationLength" && value === 32) || (field === "aggregationLengthV6" && value === 128);
    return value !== undefined && !isDefault && !(Array.isArray(value) && value.length === 0);
  });
  return given.map((field) => ({
    about,
    text: `${field} of ${name} is not carried over: ${JSON.stringify(spec?.[field])}; see docs/bgp.md for what an Eip can say of its routes`,
    isSerious: true,
  }));
}

function nodeRemarks(object: SourceObject): Remark[] {
  return recordsOf(object.spec?.["nodeSelectors"]).length === 0
    ? []
    : [
        {
          about: titleOf(object),
          text: "nodeSelectors have no counterpart on an Eip: every node that runs a speaker may announce; limit them with LoadBalancer.nodeSelector",
          isSerious: true,
        },
      ];
}

/** The labels of a selector that has nothing else. */
function plainLabels(selector: Readonly<Record<string, unknown>> | undefined): Record<string, string> | undefined {
  if (selector === undefined || recordsOf(selector["matchExpressions"]).length > 0) return undefined;
  return Object.fromEntries(
    Object.entries(recordOf(selector["matchLabels"])).flatMap(([key, value]) =>
      typeof value === "string" ? [[key, value]] : [],
    ),
  );
}

/** Whether a Kubernetes LabelSelector matches labels. */
export function selects(selector: Readonly<Record<string, unknown>>, labels: Readonly<Record<string, string>>): boolean {
  const equal = Object.entries(recordOf(selector["matchLabels"])).every(([key, value]) => labels[key] === value);
  const expressions = recordsOf(selector["matchExpressions"]).every(({ key, operator, values }) => {
    const own = labels[textOf(key) ?? ""];
    const list = textsOf(values);
    switch (operator) {
      case "In":
        return own !== undefined && list.includes(own);
      case "NotIn":
        return own === undefined || !list.includes(own);
      case "Exists":
        return own !== undefined;
      case "DoesNotExist":
        return own === undefined;
      default:
        return false;
    }
  });
  return equal && expressions;
}
