import type { BgpConf } from "@berth/api/bgpConf";
import type { BgpPeer } from "@berth/api/bgpPeer";
import { addressAssigned, addressConflict, announced, bgpConditions, type Condition, eipConditions } from "@berth/api/conditions";
import type { EipStatus } from "@berth/api/eip";
import type { AllocationResult, Assignment } from "../allocate/model.ts";
import { rangesContain, sizeOf } from "../allocate/ranges.ts";
import { formatAddress, parseAddress } from "../net/address.ts";
import type { Service } from "./objects.ts";
import type { PoolOfEip } from "./requests.ts";

/** The most entries of Eip.status.used: keeps the object small whatever the pool. */
const usedShown = 1000;

/** A condition before it has an instant. */
type Fact = Omit<Condition, "lastTransitionTime">;

/** Joins new facts into conditions: the instant of one that keeps its status stays; conditions of others stay as they are. */
export function withConditions(old: readonly Condition[] | undefined, facts: readonly Fact[], now: string): Condition[] {
  const others = (old ?? []).filter((condition) => !facts.some((fact) => fact.type === condition.type));
  return [
    ...others,
    ...facts.map((fact) => {
      const before = old?.find((condition) => condition.type === fact.type);
      return { ...fact, lastTransitionTime: before?.status === fact.status ? before.lastTransitionTime : now };
    }),
  ];
}

/**
 * The status a Service should have, or undefined when it has it already.
 * @param others conditions besides the one about its addresses
 */
export function serviceStatus(
  service: Service,
  assignment: Assignment,
  now: string,
  others: readonly Fact[] = [],
):
  | { readonly loadBalancer: { readonly ingress: readonly { readonly ip: string }[] }; readonly conditions: readonly Condition[] }
  | undefined {
  const ingress = assignment.grants.map((grant) => ({ ip: formatAddress(grant.address) }));
  const conditions = withConditions(service.status?.conditions, [addressFact(service, assignment), ...others], now);
  const current = service.status?.loadBalancer?.ingress ?? [];
  const isSame = current.length === ingress.length && current.every(({ ip }, index) => ip === ingress[index]?.ip);
  return isSame && same(conditions, service.status?.conditions ?? []) ? undefined : { loadBalancer: { ingress }, conditions };
}

/** The status of a Service that is not ours any more: what we wrote is taken back; undefined when we wrote nothing. */
export function releasedStatus(
  service: Service,
): { readonly loadBalancer: { readonly ingress: null }; readonly conditions: readonly Condition[] } | undefined {
  const conditions = service.status?.conditions ?? [];
  if (!conditions.some((condition) => condition.type === addressAssigned)) return undefined;
  const ours: readonly string[] = [addressAssigned, announced, addressConflict];
  return { loadBalancer: { ingress: null }, conditions: conditions.filter(({ type }) => !ours.includes(type)) };
}

/** Whether a write changes what a Service holds, or why it waits: worth an event, which a change of other conditions is not. */
export function isAssignmentNews(service: Service, assignment: Assignment): boolean {
  const before = service.status?.conditions?.find(({ type }) => type === addressAssigned);
  const after = addressFact(service, assignment);
  return before?.status !== after.status || before.reason !== after.reason || before.message !== after.message;
}

/** The sentence of a Service's condition and event. */
export function assignmentSentence(assignment: Assignment): string {
  const given = assignment.grants
    .map((grant) => `${formatAddress(grant.address)}${grant.pool === "" ? " (its Eip is gone)" : ` from Eip ${grant.pool}`}`)
    .join(" and ");
  if (assignment.refusal === undefined) return given;
  return given === "" ? assignment.refusal.message : `${assignment.refusal.message}; keeps ${given}`;
}

function addressFact(service: Service, assignment: Assignment): Fact {
  const isAssigned = assignment.refusal === undefined && assignment.grants.length > 0;
  return {
    type: addressAssigned,
    status: isAssigned ? "True" : "False",
    ...(service.metadata.generation === undefined ? {} : { observedGeneration: service.metadata.generation }),
    reason: assignment.refusal?.reason ?? "Assigned",
    message: assignmentSentence(assignment),
  };
}

/** The status of an Eip, made from the pool and what is in use. */
export function eipStatus(entry: PoolOfEip, result: AllocationResult, now: string): EipStatus {
  const { pool, eip } = entry;
  const used = [...result.users].filter(([address]) => result.poolOf.get(address) === pool.name);
  const size = sizeOf(pool.ranges);
  const first = pool.ranges[0];
  const last = pool.ranges.at(-1);
  const outside = used.filter(([text]) => {
    const address = parseAddress(text);
    return address !== undefined && !rangesContain(pool.ranges, address);
  });
  const isOccupied = size > 0n && BigInt(used.length - outside.length) >= size;
  const isDisabled = pool.refusal?.reason === "Disabled";
  const isReady = pool.refusal === undefined || isDisabled;
  const observedGeneration = eip.metadata.generation ?? 0;
  const fact = (type: string, holds: boolean, reason: string, message: string): Fact => ({
    type,
    status: holds ? "True" : "False",
    observedGeneration,
    reason,
    message,
  });
  const facts = [
    fact(
      eipConditions.ready,
      isReady,
      pool.refusal?.reason ?? "InUse",
      pool.refusal === undefined
        ? "addresses are given from this pool"
        : isDisabled
          ? "disabled: nothing new is given, what is given stays"
          : pool.refusal.message,
    ),
    fact(
      eipConditions.overlapping,
      entry.overlap !== undefined,
      entry.overlap === undefined ? "Alone" : "Overlapping",
      entry.overlap ?? "no other Eip has these addresses",
    ),
    fact(eipConditions.exhausted, isOccupied, isOccupied ? "Full" : "HasRoom", `${used.length} of ${size} in use`),
    fact(
      eipConditions.shrunk,
      outside.length > 0,
      outside.length > 0 ? "HeldOutside" : "Whole",
      outside.length > 0
        ? `still held, and no longer in the pool: ${outside
            .map(([text, keys]) => `${text} by ${keys.join(", ")}`)
            .slice(0, 5)
            .join("; ")}`
        : "every address in use lies in the pool",
    ),
    fact(
      eipConditions.defaultConflict,
      entry.isSecondDefault,
      entry.isSecondDefault ? "SecondDefault" : "None",
      entry.isSecondDefault ? "an older Eip is the default one; this annotation is ignored" : "no conflict",
    ),
  ];
  const text = (value: bigint | undefined, family: 4 | 6 | undefined): string =>
    value === undefined || family === undefined ? "" : formatAddress({ family, value });
  return {
    occupied: isOccupied,
    usage: used.length,
    poolSize:
      size > 9223372036854775807n
        ? Number.MAX_SAFE_INTEGER
        : Number(size > BigInt(Number.MAX_SAFE_INTEGER) ? BigInt(Number.MAX_SAFE_INTEGER) : size),
    poolSizeText: String(size),
    used: Object.fromEntries(used.slice(0, usedShown).map(([address, keys]) => [address, keys.join(";")])),
    firstIP: text(first?.first, first?.family),
    lastIP: text(last?.last, last?.family),
    ready: isReady,
    v4: pool.ranges.some((range) => range.family === 4),
    conditions: withConditions(eip.status?.conditions, facts, now),
  };
}

/** The conditions of a BgpConf: only the one named "default" is used. */
export function bgpConfConditions(conf: BgpConf, now: string): Condition[] {
  const isDefault = conf.metadata.name === "default";
  const problem = !isDefault
    ? { reason: "NotDefault", message: `only the BgpConf named "default" is used, not "${conf.metadata.name}"` }
    : (conf.spec.as ?? 0) === 0
      ? { reason: "NoAs", message: "spec.as is 0 or absent: BGP is off; set it to the AS number of the speakers" }
      : conf.spec.policy !== undefined && conf.spec.policy !== ""
        ? { reason: "PolicyNotSupported", message: "spec.policy: GoBGP policies are not translated; remove it" }
        : undefined;
  return withConditions(conf.status?.conditions, acceptance(conf.metadata.generation, problem), now);
}

/**
 * The conditions that the controller gives a BgpPeer: whether it can be used as it is, and on how many nodes the session is up.
 * @param readyNodes nodes that are Ready: what others reported last is not believed
 */
export function bgpPeerConditions(peer: BgpPeer, hasConf: boolean, readyNodes: ReadonlySet<string>, now: string): Condition[] {
  const address = parseAddress(peer.spec.conf.neighborAddress);
  const problem =
    address === undefined
      ? {
          reason: "InvalidAddress",
          message: `spec.conf.neighborAddress: "${peer.spec.conf.neighborAddress}" is not an IP address`,
        }
      : !hasConf
        ? { reason: "NoBgpConf", message: 'there is no BgpConf named "default" with an AS number' }
        : undefined;
  const nodes = Object.entries(peer.status?.nodesPeerStatus ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  const isUp = (name: string, state: string | undefined): boolean => readyNodes.has(name) && state === "ESTABLISHED";
  const up = nodes.filter(([name, { peerState }]) => isUp(name, peerState?.sessionState)).map(([name]) => name);
  const down = nodes
    .filter(([name]) => !up.includes(name))
    .map(([name, { lastError }]) => `${name} (${readyNodes.has(name) ? lastError || "not up" : "node is not Ready"})`);
  const established: Fact = {
    type: bgpConditions.established,
    status: up.length > 0 && down.length === 0 ? "True" : "False",
    ...(peer.metadata.generation === undefined ? {} : { observedGeneration: peer.metadata.generation }),
    reason: nodes.length === 0 ? "NoNode" : down.length === 0 ? "OnAllNodes" : up.length === 0 ? "OnNoNode" : "OnSomeNodes",
    message:
      nodes.length === 0
        ? "no node has reported a session"
        : `${up.length} of ${nodes.length} sessions are up${down.length > 0 ? `; down: ${down.join(", ")}` : ""}`,
  };
  return withConditions(peer.status?.conditions, [...acceptance(peer.metadata.generation, problem), established], now);
}

/** Entries of a BgpPeer's status that belong to nodes which are gone. */
export function goneNodes(peer: BgpPeer, nodes: ReadonlySet<string>): string[] {
  return Object.keys(peer.status?.nodesPeerStatus ?? {}).filter((name) => !nodes.has(name));
}

function acceptance(
  generation: number | undefined,
  problem: { readonly reason: string; readonly message: string } | undefined,
): Fact[] {
  const common = {
    status: problem === undefined ? ("True" as const) : ("False" as const),
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    reason: problem?.reason ?? "Accepted",
    message: problem?.message ?? "used as it is",
  };
  return [
    { type: bgpConditions.accepted, ...common },
    { type: bgpConditions.ready, ...common },
  ];
}

/** Whether two JSON values are the same, whatever the order of keys. */
export function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  const left = Object.entries(a).filter(([, value]) => value !== undefined);
  const right = Object.entries(b).filter(([, value]) => value !== undefined);
  return (
    left.length === right.length &&
    Array.isArray(a) === Array.isArray(b) &&
    left.every(([key, value]) => key in b && same(value, (b as Record<string, unknown>)[key]))
  );
}
