import {
  addressAnnotation,
  defaultEipAnnotation,
  eipAnnotation,
  loadBalancerAnnotation,
  loadBalancerAnnotationValue,
  metallbAddressAnnotations,
  metallbPoolAnnotations,
  metallbSharingAnnotations,
  shareWithNamespacesAnnotation,
  sharingKeyAnnotation,
} from "@berth/api/annotations";
import type { Eip } from "@berth/api/eip";
import type { Pool, Refusal, ServiceRequest } from "../allocate/model.ts";
import { type AddressRange, formatRange, overlapOf, parsePool, parseRange } from "../allocate/ranges.ts";
import { type Address, type Family, parseAddress } from "../net/address.ts";
import { keyOf, type Service } from "./objects.ts";

/** Which Services are ours. */
export interface Scope {
  /** Classes that Berth handles. */
  readonly loadBalancerClasses: readonly string[];
  /** Whether Services without a class are ours too. */
  readonly handlesClassless: boolean;
}

/** Whether a Service is Berth's to serve: of type LoadBalancer, and of our class, annotated for us, or classless. */
export function isOurs(service: Service, scope: Scope): boolean {
  if (service.spec.type !== "LoadBalancer") return false;
  if (service.spec.loadBalancerClass !== undefined) return scope.loadBalancerClasses.includes(service.spec.loadBalancerClass);
  return service.metadata.annotations?.[loadBalancerAnnotation] === loadBalancerAnnotationValue || scope.handlesClassless;
}

/** The ledger: the addresses that a Service's status holds. */
export function heldAddresses(service: Service): Address[] {
  return (service.status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => (ip === undefined ? [] : (parseAddress(ip) ?? [])));
}

/** What a Service asks for. */
export function serviceRequest(service: Service): ServiceRequest {
  const annotations = service.metadata.annotations ?? {};
  const named = (keys: readonly string[]): readonly [string, string | undefined] => {
    const found = keys.find((key) => (annotations[key] ?? "") !== "");
    return [`annotation ${found ?? keys[0]}`, found === undefined ? undefined : annotations[found]];
  };
  const [source, text] = requestedAddresses(service, named);
  const parts = text === undefined ? [] : text.split(",").map((part) => part.trim());
  const addresses = parts.map(parseAddress);
  const wrong = parts[addresses.indexOf(undefined)];
  const twice = ([4, 6] as const).find((family) => addresses.filter((address) => address?.family === family).length > 1);
  const [eipSource, eip] = named([eipAnnotation, ...metallbPoolAnnotations]);
  return {
    key: keyOf(service),
    namespace: service.metadata.namespace ?? "",
    labels: service.metadata.labels ?? {},
    createdAt: Date.parse(service.metadata.creationTimestamp ?? "") || 0,
    holds: heldAddresses(service),
    families: (service.spec.ipFamilies ?? ["IPv4"]).map((family): Family => (family === "IPv6" ? 6 : 4)),
    needsAllFamilies: service.spec.ipFamilyPolicy !== "PreferDualStack",
    ports: (service.spec.ports ?? []).map(({ port, protocol }) => ({ port, protocol: protocol ?? "TCP" })),
    localOnly: service.spec.externalTrafficPolicy === "Local",
    selector: JSON.stringify(Object.entries(service.spec.selector ?? {}).sort()),
    eip,
    eipSource,
    addresses: wrong === undefined && twice === undefined ? addresses.filter((address) => address !== undefined) : [],
    addressSource: source,
    problem:
      wrong !== undefined
        ? { reason: "InvalidAddress", message: `${source}: "${wrong}" is not an IP address, such as 192.0.2.10` }
        : twice !== undefined
          ? {
              reason: "InvalidAddress",
              message: `${source}: "${text}" names more than one IPv${twice} address; a Service has one of each family at most`,
            }
          : undefined,
    sharingKey: named([sharingKeyAnnotation, ...metallbSharingAnnotations])[1],
    sharesWith: (annotations[shareWithNamespacesAnnotation] ?? "")
      .split(",")
      .map((name) => name.trim())
      .filter((name) => name !== ""),
  };
}

/** Where a Service names its addresses, the strongest first, and the text there. */
function requestedAddresses(
  service: Service,
  named: (keys: readonly string[]) => readonly [string, string | undefined],
): readonly [string, string | undefined] {
  for (const keys of [[addressAnnotation], metallbAddressAnnotations]) {
    const [source, text] = named(keys);
    if (text !== undefined) return [source, text];
  }
  return ["spec.loadBalancerIP", service.spec.loadBalancerIP === "" ? undefined : service.spec.loadBalancerIP];
}

/** An Eip with what its text comes to, and what several Eips mean together. */
export interface PoolOfEip {
  readonly eip: Eip;
  readonly pool: Pool;
  readonly overlap: string | undefined;
  readonly isSecondDefault: boolean;
}

/** Reads all Eips, the older first: of two that overlap, or that are both the default, the later one is the one not used. */
export function pools(eips: readonly Eip[]): PoolOfEip[] {
  const older: { readonly name: string; readonly ranges: readonly AddressRange[] }[] = [];
  let hasDefault = false;
  return [...eips].sort(byAge).map((eip): PoolOfEip => {
    const { spec, metadata } = eip;
    const parsed = parsePool([spec.address, ...(spec.addresses ?? [])], spec.exclude ?? []);
    const ranges = "ranges" in parsed ? parsed.ranges : [];
    const overlapping = older.flatMap((other) => {
      const overlap = overlapOf(other.ranges, ranges);
      return overlap === undefined ? [] : [`${formatRange(overlap)} belongs to Eip ${other.name} already`];
    })[0];
    const wantsDefault = metadata.annotations?.[defaultEipAnnotation]?.toLowerCase() === "true";
    const isDefault = wantsDefault && !hasDefault && overlapping === undefined;
    const refusal = ((): Refusal | undefined => {
      if ("problems" in parsed) return { reason: "Invalid", message: problemsOf(eip).join("; ") };
      if (ranges.length === 0)
        return {
          reason: "Invalid",
          message: `spec.exclude: ${JSON.stringify(spec.exclude)} leaves no address of ${JSON.stringify(spec.address)}; exclude less`,
        };
      if (overlapping !== undefined)
        return { reason: "Overlapping", message: `${overlapping}; take it out of spec.address or put it into spec.exclude` };
      if (metadata.deletionTimestamp !== undefined) return { reason: "Deleting", message: "is being deleted" };
      return spec.disable === true ? { reason: "Disabled", message: "disabled" } : undefined;
    })();
    if (overlapping === undefined) older.push({ name: metadata.name, ranges });
    if (isDefault) hasDefault = true;
    return {
      eip,
      overlap: overlapping,
      isSecondDefault: wantsDefault && !isDefault,
      pool: { ...poolFields(eip), ranges, refusal, isDefault },
    };
  });
}

/** What is wrong with the texts of an Eip, each with its field. */
function problemsOf({ spec }: Eip): string[] {
  const list = (field: string, texts: readonly string[] = []): [string, string][] =>
    texts.map((text, index) => [`${field}[${index}]`, text]);
  return [
    ["spec.address", spec.address] as const,
    ...list("spec.addresses", spec.addresses),
    ...list("spec.exclude", spec.exclude),
  ].flatMap(([field, text]) => {
    const parsed = parseRange(text);
    return "problem" in parsed ? [`${field}: "${text}" ${parsed.problem}`] : [];
  });
}

function poolFields({ spec, status, metadata }: Eip): Omit<Pool, "ranges" | "refusal" | "isDefault"> {
  return {
    name: metadata.name,
    formerAddresses: new Set(Object.keys(status?.used ?? {})),
    autoAssign: spec.autoAssign ?? true,
    priority: spec.priority ?? 0,
    namespaces: spec.namespaces ?? [],
    namespaceSelector: spec.namespaceSelector,
    serviceSelectors: (spec.serviceSelectors ?? []).map(({ matchLabels }) => matchLabels),
    restrict: spec.restrict ?? false,
    perNamespaceLimit: spec.perNamespaceLimit,
    avoidBuggyIps: (spec.avoidBuggyIPs ?? false) && spec.usingKnownIPs !== true,
  };
}

function byAge(a: Eip, b: Eip): number {
  const at = (eip: Eip): number => new Date(eip.metadata.creationTimestamp ?? 0).getTime();
  return at(a) - at(b) || (a.metadata.name < b.metadata.name ? -1 : 1);
}
