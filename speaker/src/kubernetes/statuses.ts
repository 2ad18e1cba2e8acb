import type { BgpConf } from "@berth/api/bgpConf";
import type { BgpPeer } from "@berth/api/bgpPeer";
import { addressAssigned, addressConflict, announced, bgpConditions, type Condition } from "@berth/api/conditions";
import type { Assignment } from "../allocate/model.ts";
import type { Judgement } from "../announce/judge.ts";
import { formatAddress } from "../net/address.ts";
import { grantsText } from "./ledger.ts";
import type { HappenedEvent, Service } from "./objects.ts";

/** A condition before it has an instant. */
export type Fact = Omit<Condition, "lastTransitionTime">;

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
): { readonly loadBalancer: { readonly ingress?: never }; readonly conditions: readonly Condition[] } | undefined {
  const conditions = service.status?.conditions ?? [];
  if (!conditions.some((condition) => condition.type === addressAssigned)) return undefined;
  const ours: readonly string[] = [addressAssigned, announced, addressConflict];
  return { loadBalancer: {}, conditions: conditions.filter(({ type }) => !ours.includes(type)) };
}

/** Whether a write changes what a Service holds, or why it waits: worth an event, which a change of other conditions is not. */
export function isAssignmentNews(service: Service, assignment: Assignment): boolean {
  const before = service.status?.conditions?.find(({ type }) => type === addressAssigned);
  const after = addressFact(service, assignment);
  return before?.status !== after.status || before.reason !== after.reason || before.message !== after.message;
}

/** The sentence of a Service's condition. It stays the same as long as nothing changes. */
export function assignmentSentence({ grants, refusal, missing }: Assignment): string {
  const given = grantsText(grants);
  if (refusal !== undefined) return given === "" ? refusal.message : `${refusal.message}; keeps ${given}`;
  return [given, ...missing.map((family) => `an IPv${family} address is added as soon as an Eip has one`)].join("; ");
}

/** The event of a Service whose status was written. It names the rule that chose the Eip of what is new. */
export function assignmentEvent(assignment: Assignment | undefined): HappenedEvent {
  if (assignment === undefined)
    return { type: "Normal", reason: "AddressReleased", message: "Berth does not serve this Service any more" };
  const rules = new Set(assignment.grants.flatMap(({ rule }) => (rule === undefined ? [] : [rule])));
  const chosen = rules.size === 0 ? "" : ` (rule: ${[...rules].join(", ")})`;
  const message = `${assignmentSentence(assignment)}${chosen}`;
  return assignment.refusal === undefined
    ? { type: "Normal", reason: "AddressAssigned", message }
    : { type: "Warning", reason: assignment.refusal.reason, message };
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

/** The conditions of a BgpConf. */
export function bgpConfConditions(conf: BgpConf, judgement: Judgement, now: string): Condition[] {
  return withConditions(conf.status?.conditions, acceptance(conf.metadata.generation, judgement), now);
}

/**
 * The conditions that the controller gives a BgpPeer: whether it can be used as it is, and on how many nodes the session is up.
 * @param readyNodes nodes that are Ready: what others reported last is not believed
 */
export function bgpPeerConditions(
  peer: BgpPeer,
  judgement: Judgement,
  hasConf: boolean,
  readyNodes: ReadonlySet<string>,
  now: string,
): Condition[] {
  const judged: Judgement =
    judgement.refusal !== undefined || hasConf
      ? judgement
      : {
          ...judgement,
          refusal: {
            reason: "NoBgpConf",
            message: 'there is no BgpConf named "default" with an AS number; create one, such as spec: {as: 65000}',
          },
        };
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
  return withConditions(peer.status?.conditions, [...acceptance(peer.metadata.generation, judged), established], now);
}

/** Entries of a BgpPeer's status that belong to nodes which are gone. */
export function goneNodes(peer: BgpPeer, nodes: ReadonlySet<string>): string[] {
  return Object.keys(peer.status?.nodesPeerStatus ?? {}).filter((name) => !nodes.has(name));
}

function acceptance(generation: number | undefined, { refusal, notes }: Judgement): Fact[] {
  const common = {
    status: refusal === undefined ? ("True" as const) : ("False" as const),
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    reason: refusal?.reason ?? (notes.length === 0 ? "Accepted" : "AcceptedWithNotes"),
    message: refusal?.message ?? (notes.length === 0 ? "used as it is" : notes.join("; ")),
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
