import { addressAssigned } from "@berth/api/conditions";
import { allocate } from "../allocate/allocate.ts";
import { emptyMemory, type Refusal } from "../allocate/model.ts";
import { rangesContain } from "../allocate/ranges.ts";
import { wellNodes } from "../kubernetes/announced.ts";
import { keyOf, type Service } from "../kubernetes/objects.ts";
import { heldAddresses, isOurs, pools, serviceRequest } from "../kubernetes/requests.ts";
import { nodeView } from "../kubernetes/view.ts";
import { formatAddress } from "../net/address.ts";
import { announcementChecks } from "./announcementChecks.ts";
import { ago, type ClusterFacts, unheardPart } from "./clusterFacts.ts";
import { type Check, type Explanation, note, ok, problem, type Question, type Subject, servingNodes } from "./question.ts";
import { withRemedy } from "./remedies.ts";

/**
 * Explains one Service: asks the questions in order, and stops where a problem makes the later ones pointless.
 * @returns undefined when there is no such Service
 */
export function explainService(facts: ClusterFacts, key: string): Explanation | undefined {
  const service = facts.services.find((candidate) => keyOf(candidate) === key);
  if (service === undefined) return undefined;
  const entries = pools(facts.eips);
  const held = heldAddresses(service).map((address) => ({
    address: formatAddress(address),
    eip: (
      entries.find(({ pool, overlap }) => overlap === undefined && rangesContain(pool.ranges, address)) ??
      entries.find(({ pool }) => pool.formerAddresses.has(formatAddress(address)))
    )?.eip,
  }));
  const well = wellNodes(facts.speakers);
  const reports = facts.announcements
    .filter(({ metadata, status }) => `${metadata.namespace}/${status.service}` === key && well.has(status.node))
    .map(({ status }) => status)
    .sort((a, b) => Number(b.announcing) - Number(a.announcing) || (a.node < b.node ? -1 : 1));
  const subject: Subject = { facts, service, held, reports };
  const checks: Check[] = [];
  for (const question of questions) {
    const check = question(subject);
    if (check === undefined) continue;
    checks.push(withRemedy(check));
    if (check.verdict === "problem" && held.length === 0) break;
  }
  return {
    service: key,
    addresses: held.map(({ address }) => address),
    cause: checks.find(({ verdict }) => verdict === "problem"),
    checks,
    announcements: reports,
    withoutNode: withoutNode(subject),
  };
}

const type: Question = ({ service }) =>
  service.spec.type === "LoadBalancer"
    ? undefined
    : problem(
        "type",
        "NotLoadBalancer",
        `spec.type is ${service.spec.type ?? "ClusterIP"}; only Services of type LoadBalancer get an address`,
      );

const deletion: Question = ({ service, facts }) =>
  service.metadata.deletionTimestamp === undefined
    ? undefined
    : problem(
        "deletion",
        "Deleting",
        `it is being deleted since ${ago(facts.now - Date.parse(service.metadata.deletionTimestamp))}; finalizers of others still hold it`,
      );

const scope: Question = ({ service, facts }) => {
  if (isOurs(service, facts.scope)) return ok("class", "the Service is Berth's to serve");
  const wanted = service.spec.loadBalancerClass;
  return problem(
    "class",
    "NotOurs",
    wanted === undefined
      ? 'it names no class, and Berth was told not to handle such Services; set spec.loadBalancerClass, or annotate it with lb.kubesphere.io/v1alpha1: "openelb"'
      : `spec.loadBalancerClass is "${wanted}"; Berth handles ${facts.scope.loadBalancerClasses.join(", ") || "none"}. The field cannot be changed: make the Service anew`,
  );
};

/** Asked of a controller: the page is served by one that may have lost the API server. */
const freshness: Question = ({ facts }) =>
  facts.heardLast === undefined
    ? undefined
    : {
        name: unheardPart,
        verdict: "unknown",
        reason: "NotHeard",
        message: `it has not answered this controller for ${ago(facts.now - facts.heardLast)}: what follows is from before`,
      };

const controller: Question = ({ facts }) => {
  if (facts.heardLast !== undefined) return undefined;
  const spec = facts.lease?.spec;
  const renewed = Date.parse(spec?.renewTime ?? "");
  if (spec === undefined || Number.isNaN(renewed))
    return problem(
      "controller",
      "NoController",
      "no controller has ever led; are the pods of the Deployment berth-controller running?",
    );
  const age = facts.now - renewed;
  if ((spec.holderIdentity ?? "") === "" || age > (spec.leaseDurationSeconds ?? 15) * 2000)
    return problem(
      "controller",
      "ControllerGone",
      `no controller leads; the last one was heard of ${ago(age)} ago: nothing new gets an address, what is given goes on being announced`,
    );
  return ok("controller", `${(spec.holderIdentity ?? "").replace(/_.*/, "")} leads`);
};

const request: Question = ({ service }) => {
  const wrong = serviceRequest(service).problem;
  return wrong === undefined ? undefined : problem("request", wrong.reason, wrong.message);
};

/** The controller's own word, when it is about the Service as it is now; else what its rules come to. */
const address: Question = ({ service, facts, held }) => {
  const condition = service.status?.conditions?.find((candidate) => candidate.type === addressAssigned);
  const isCurrent = condition !== undefined && (condition.observedGeneration ?? 0) >= (service.metadata.generation ?? 0);
  if (isCurrent && condition.status !== "True")
    return problem("address", condition.reason, condition.message, remedyOf(condition.reason, outcome(facts, service).refusal));
  if (held.length > 0 && held.every(({ eip }) => eip !== undefined))
    return ok(
      "address",
      held
        .map(({ address: text, eip }) => `${text} from Eip ${eip?.metadata.name}${sharedWith(text, facts, service)}`)
        .join(", "),
    );
  if (held.length > 0)
    return note("address", "EipGone", `${held.find(({ eip }) => eip === undefined)?.address} belongs to no Eip any more`);
  const { refusal } = outcome(facts, service);
  return refusal === undefined
    ? problem(
        "address",
        "NotYet",
        "an address is free for it, and the controller has not given it yet; look at the controller's log",
      )
    : problem("address", refusal.reason, refusal.message, refusal.remedy);
};

/** What to do about the controller's refusal, where the same rules come to the same one; undefined where its reason alone tells. */
function remedyOf(reason: string, refusal: Refusal | undefined): string | undefined {
  if (reason === "EipFull" && refusal === undefined)
    return "wait until an address that was freed has rested, a minute unless the controller was told otherwise, or add addresses to spec.addresses of the Eip";
  return refusal?.reason === reason ? refusal.remedy : undefined;
}

/** The others that hold the same address, as the end of a sentence; empty where there is none. */
function sharedWith(text: string, { services }: ClusterFacts, service: Service): string {
  const others = services.filter(
    (other) => keyOf(other) !== keyOf(service) && heldAddresses(other).some((address) => formatAddress(address) === text),
  );
  return others.length === 0 ? "" : `, shared with ${others.map(keyOf).sort().join(", ")}`;
}

function outcome(facts: ClusterFacts, service: Service) {
  const result = allocate({
    services: facts.services
      .filter((candidate) => isOurs(candidate, facts.scope) && candidate.metadata.deletionTimestamp === undefined)
      .map(serviceRequest),
    pools: pools(facts.eips).map(({ pool }) => pool),
    namespaceLabels: new Map(facts.namespaces.map(({ metadata }) => [metadata.name, metadata.labels ?? {}])),
    memory: emptyMemory,
    now: facts.now,
    restPeriod: 0,
    sharesUnconditionally: false,
  });
  return result.assignments.get(keyOf(service)) ?? { grants: [], refusal: undefined };
}

/** Every question, in order. A problem before an address is there ends the list: the rest would only repeat it. */
const questions: readonly Question[] = [freshness, type, deletion, scope, controller, request, address, ...announcementChecks];

function withoutNode({ facts, reports, service }: Subject): Explanation["withoutNode"] {
  const nodes = [...new Set(reports.filter(({ announcing }) => announcing).map(({ node }) => node))];
  const able = facts.nodes
    .map(nodeView)
    .filter(({ name, refusal }) => refusal === undefined && wellNodes(facts.speakers).has(name));
  const local = service.spec.externalTrafficPolicy === "Local" ? servingNodes(facts, service) : undefined;
  return nodes.map((node) => {
    const others = able.map(({ name }) => name).filter((name) => name !== node && (local?.has(name) ?? true));
    const isLayer2 = reports.some((report) => report.node === node && report.announcing && report.protocol === "layer2");
    const still = nodes.filter((name) => name !== node);
    const only = local === undefined ? "" : " (externalTrafficPolicy is Local: only nodes with an endpoint)";
    if (others.length === 0) return { node, message: `nobody else may announce it${only}: the Service goes dark` };
    if (isLayer2) return { node, message: `another of ${others.join(", ")} takes over in under a second${only}` };
    return {
      node,
      message:
        still.length > 0
          ? `routers go on with ${still.join(", ")}`
          : `nobody else announces it now; able: ${others.join(", ")}${only}`,
    };
  });
}
