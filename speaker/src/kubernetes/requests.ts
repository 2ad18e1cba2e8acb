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
import { type AddressRange, formatRange, overlapOf, parsePool } from "../allocate/ranges.ts";
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
  const first = (keys: readonly string[]): string | undefined =>
    keys.map((key) => annotations[key]).find((value) => value !== undefined && value !== "");
  const [source, text] = requestedAddresses(service, first);
  const parts = text === undefined ? [] : text.split(",").map((part) => part.trim());
  const addresses = parts.map(parseAddress);
  const wrong = parts[addresses.indexOf(undefined)];
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
    eip: first([eipAnnotation, ...metallbPoolAnnotations]),
    addresses: wrong === undefined ? addresses.filter((address) => address !== undefined) : [],
    problem:
      wrong === undefined
        ? undefined
        : { reason: "InvalidAddress", message: `${source}: "${wrong}" is not an IP address, such as 192.0.2.10` },
    sharingKey: first([sharingKeyAnnotation, ...metallbSharingAnnotations]),
    sharesWith: (annotations[shareWithNamespacesAnnotation] ?? "")
      .split(",")
      .map((name) => name.trim())
      .filter((name) => name !== ""),
  };
}

/** Where a Service names its addresses, the strongest first, and the text there. */
function requestedAddresses(
  service: Service,
  first: (keys: readonly string[]) => string | undefined,
): readonly [string, string | undefined] {
  const own = first([addressAnnotation]);
  if (own !== undefined) return [`annotation ${addressAnnotation}`, own];
  const metallb = first(metallbAddressAnnotations);
  if (metallb !== undefined) return [`annotation ${metallbAddressAnnotations[0]}`, metallb];
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
      if ("problems" in parsed) return { reason: "Invalid", message: parsed.problems.join("; ") };
      if (ranges.length === 0) return { reason: "Invalid", message: "spec.exclude leaves no address" };
      if (overlapping !== undefined) return { reason: "Overlapping", message: overlapping };
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
