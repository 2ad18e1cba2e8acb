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
import { eipConditions } from "@berth/api/conditions";
import type { Eip } from "@berth/api/eip";
import { reservedBlocks, reservedProblem } from "@berth/api/reserved";
import type { Pool, PoolRefusal, ServiceRequest } from "../allocate/model.ts";
import { poolSize } from "../allocate/pool.ts";
import { type AddressRange, formatRange, overlapOf, parsePool, parseRange } from "../allocate/ranges.ts";
import { type Address, type Family, formatAddress, parseAddress } from "../net/address.ts";
import { givers } from "./ledger.ts";
import { keyOf, type Service } from "./objects.ts";
import { perObject } from "./perObject.ts";

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
export const heldAddresses = perObject((service: Service): readonly Address[] =>
  (service.status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => (ip === undefined ? [] : (parseAddress(ip) ?? []))),
);

/** Who uses which address, as the ledger says: address text → Services. */
export function usersOf(services: readonly Service[]): ReadonlyMap<string, readonly string[]> {
  const users = new Map<string, readonly string[]>();
  for (const service of services)
    for (const address of heldAddresses(service)) {
      const text = formatAddress(address);
      users.set(text, [...(users.get(text) ?? []), keyOf(service)].sort());
    }
  return users;
}

/** What a Service asks for. */
export const serviceRequest = perObject((service: Service): ServiceRequest => {
  const annotations = service.metadata.annotations ?? {};
  // Blanks around a name or an address are of whoever wrote the manifest, and no part of it; nothing but blanks is nothing.
  const named = (keys: readonly string[]): readonly [string, string | undefined] => {
    const found = keys.find((key) => (annotations[key] ?? "").trim() !== "");
    return [`annotation ${found ?? keys[0]}`, found === undefined ? undefined : annotations[found]?.trim()];
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
    givenBy: givers(service),
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
});

/** Where a Service names its addresses, the strongest first, and the text there. */
function requestedAddresses(
  service: Service,
  named: (keys: readonly string[]) => readonly [string, string | undefined],
): readonly [string, string | undefined] {
  for (const keys of [[addressAnnotation], metallbAddressAnnotations]) {
    const [source, text] = named(keys);
    if (text !== undefined) return [source, text];
  }
  return ["spec.loadBalancerIP", service.spec.loadBalancerIP?.trim() || undefined];
}

/** An Eip with what its text comes to, and what several Eips mean together. */
export interface PoolOfEip {
  readonly eip: Eip;
  readonly pool: Pool;
  readonly overlap: string | undefined;
  /** The older Eip that is the default one, when this one wants to be. */
  readonly olderDefault: string | undefined;
}

/** Reads all Eips, the older first: of two that overlap, or that are both the default, the later one is the one not used. */
export function pools(eips: readonly Eip[]): PoolOfEip[] {
  const older: { readonly name: string; readonly ranges: readonly AddressRange[] }[] = [];
  let defaultEip: string | undefined;
  return [...eips].sort(byAge).map((eip): PoolOfEip => {
    const { metadata } = eip;
    const extent = extentOf(eip);
    const ranges = extent.ranges;
    const overlap = older.flatMap((other) => {
      const shared = overlapOf(other.ranges, ranges);
      return shared === undefined ? [] : [`${formatRange(shared)} belongs to Eip ${other.name} already`];
    })[0];
    const refusal = refusalOf(eip, extent, overlap);
    const isUsable = refusal === undefined || refusal.reason === "Disabled";
    const wantsDefault = metadata.annotations?.[defaultEipAnnotation]?.toLowerCase() === "true";
    const isDefault = wantsDefault && isUsable && defaultEip === undefined;
    const olderDefault = wantsDefault && isUsable ? defaultEip : undefined;
    if (overlap === undefined) older.push({ name: metadata.name, ranges });
    if (isDefault) defaultEip = metadata.name;
    return { eip, overlap, olderDefault, pool: { ...poolFields(eip), ...extent, refusal, isDefault } };
  });
}

/** Which addresses the texts of an Eip come to; none when one of them is wrong. */
const extentOf = perObject(({ spec }: Eip): Pick<Pool, "ranges" | "avoidBuggyIps"> => {
  const parsed = parsePool([spec.address, ...(spec.addresses ?? [])], spec.exclude ?? []);
  const avoidBuggyIps = spec.usingKnownIPs === false || (spec.avoidBuggyIPs === true && spec.usingKnownIPs !== true);
  return { ranges: "ranges" in parsed ? parsed.ranges : [], avoidBuggyIps };
});

/** Why an Eip gives nothing new: the first that applies. */
function refusalOf(
  eip: Eip,
  extent: Pick<Pool, "ranges" | "avoidBuggyIps">,
  overlap: string | undefined,
): PoolRefusal | undefined {
  const { spec, metadata } = eip;
  const no = (reason: string, short: string, message: string): PoolRefusal => ({
    reason,
    short,
    message: `Eip ${metadata.name} ${message}`,
  });
  const problems = problemsOf(eip);
  if (problems.length > 0) return no("Invalid", "invalid", `is not used: ${problems.join("; ")}`);
  if (poolSize(extent) === 0n) return no("Invalid", "invalid", `is not used: ${emptiness(spec)}`);
  const reserved = reservedIn(eip);
  if (reserved !== undefined) return no("Invalid", "invalid", `is not used: ${reserved}`);
  if (overlap !== undefined)
    return no(
      "Overlapping",
      "overlapping",
      `is not used: ${overlap}; take it out of spec.address and spec.addresses, or put it into spec.exclude`,
    );
  if (metadata.deletionTimestamp !== undefined) {
    const remedy = `name another Eip, or see who holds the finalizers of this one: kubectl get eip ${metadata.name} -o yaml`;
    return { ...no("Deleting", "being deleted", "is being deleted"), remedy };
  }
  return spec.disable === true ? no("Disabled", "disabled", "is disabled (its spec.disable is true)") : undefined;
}

/** The first addresses of an Eip that no Service can have, in a sentence; undefined when there are none. */
const reservedIn = perObject((eip: Eip): string | undefined => {
  for (const [block, what] of reservedBlocks) {
    const parsed = parseRange(block);
    const shared = "range" in parsed ? overlapOf(extentOf(eip).ranges, [parsed.range]) : undefined;
    if (shared !== undefined) return `spec.address: ${reservedProblem(formatRange(shared), what)}`;
  }
  return undefined;
});

/** Why no address is left of an Eip whose texts are right. */
function emptiness(spec: Eip["spec"]): string {
  const texts = JSON.stringify([spec.address, ...(spec.addresses ?? [])]);
  return (spec.exclude ?? []).length > 0
    ? `spec.exclude: ${JSON.stringify(spec.exclude)} leaves no address of ${texts}; exclude less, or add addresses`
    : `spec.address: all of ${texts} end in .0 or .255, which spec.avoidBuggyIPs and spec.usingKnownIPs leave out; add addresses`;
}

/** What is wrong with the texts of an Eip, each with its field. */
const problemsOf = perObject(({ spec }: Eip): readonly string[] => {
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
});

function poolFields({ spec, status, metadata }: Eip): Omit<Pool, "ranges" | "avoidBuggyIps" | "refusal" | "isDefault"> {
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
  };
}

/**
 * Orders Eips by age. Instants of creation are whole seconds: of two that were made in the same one, that goes first which is in use already
 * and in nobody's way, then the new ones as they were written, then those that gave way before.
 */
function byAge(a: Eip, b: Eip): number {
  const at = (eip: Eip): number => Date.parse(eip.metadata.creationTimestamp ?? "") || 0;
  const rank = ({ status }: Eip): number => {
    if (status?.conditions === undefined) return 1;
    const gaveWay = status.conditions.some(
      ({ type, status: holds }) => type === eipConditions.defaultConflict && holds === "True",
    );
    return status.ready === true && !gaveWay ? 0 : 2;
  };
  const version = (eip: Eip): number => (rank(eip) === 1 ? Number(eip.metadata.resourceVersion ?? 0) : 0);
  return at(a) - at(b) || rank(a) - rank(b) || version(a) - version(b) || (a.metadata.name < b.metadata.name ? -1 : 1);
}
