import type { BgpPeer } from "@berth/api/bgpPeer";
import type { Eip } from "@berth/api/eip";
import { noPasswordIn, passwordSecretOf } from "../announce/passwordSecret.ts";
import { selects } from "../announce/selector.ts";
import { isReady, wellNodes } from "../kubernetes/announced.ts";
import { type Endpoint, isServing, type Pod, type Service } from "../kubernetes/objects.ts";
import { defaultConfOf, nodeView } from "../kubernetes/view.ts";
import { parseAddress } from "../net/address.ts";
import type { ClusterFacts } from "./clusterFacts.ts";
import { type Check, endpointsOf, note, ok, problem, type Question, type Subject, servingNodes, slicesOf } from "./question.ts";

const isLayer2 = (eip: Eip | undefined): boolean => eip?.spec.protocol === "layer2" || eip?.spec.protocol === "vip";
const isBgp = (eip: Eip | undefined): boolean => eip !== undefined && !isLayer2(eip);

const endpoints: Question = ({ facts, service, held }) => {
  // A pod of a dual-stack Service has an endpoint in each family, and is one all the same.
  const all = [...Map.groupBy(endpointsOf(facts, service), podOf).values()];
  const able = all.filter((family) => family.some(isServing));
  const families = new Set(able.flat().flatMap(({ addresses }) => parseAddress(addresses?.[0] ?? "")?.family ?? []));
  const dark = held.find(({ address }) => families.size > 0 && !families.has(parseAddress(address)?.family ?? 4));
  if (dark !== undefined) {
    const lacks = `IPv${parseAddress(dark.address)?.family}`;
    return problem(
      "endpoints",
      "NoEndpointOfFamily",
      `no ready endpoint has an ${lacks} address: what is sent to ${dark.address} is dropped by the node`,
    );
  }
  const portless = able.length > 0 ? portWithoutEndpoint(facts, service) : undefined;
  if (portless !== undefined)
    return problem(
      "endpoints",
      "NoEndpointPort",
      `no ready pod has the port "${portless.targetPort}" that spec.ports names as targetPort of ${portless.port}/${portless.protocol ?? "TCP"}: what is sent there is dropped`,
    );
  const serving = servingNodes(facts, service);
  if (able.length > 0)
    return ok("endpoints", `${able.length} ready, on ${[...serving].sort().join(", ") || "no node of the cluster"}`);
  const selector = Object.entries(service.spec.selector ?? {}).map(([key, value]) => `${key}=${value}`);
  const why =
    all.length > 0
      ? `${all.length} ${all.length === 1 ? "pod matches, and it is" : "pods match, and none is"} ${all.length === 1 ? "not " : ""}ready`
      : selector.length === 0
        ? "the Service has no selector, and nobody made EndpointSlices for it"
        : `no pod matches the selector ${selector.join(",")}`;
  return problem("endpoints", "NoEndpoint", `${why}: an address without an endpoint is announced by nobody`);
};

const speakers: Question = ({ facts }) => {
  if (facts.speakers.length === 0)
    return problem(
      "speakers",
      "NoSpeaker",
      "no speaker runs; is the DaemonSet berth-speaker there, and does its node selector fit a node?",
    );
  const ready = facts.speakers.filter(isReady);
  const silent = facts.speakers
    .filter((pod) => !isReady(pod))
    .map((pod) => `${pod.spec?.nodeName ?? pod.metadata.name}${waitsFor(pod)}`);
  if (ready.length === 0)
    return problem("speakers", "NoSpeakerReady", `no speaker is Ready (${silent.join(", ")}); look at their logs`);
  return silent.length > 0
    ? note("speakers", "SpeakerNotReady", `not Ready on ${silent.sort().join(", ")}; the other ${ready.length} go on`)
    : ok("speakers", `${ready.length} of ${facts.speakers.length} are Ready`);
};

/** Why a pod's container does not run, in the kubelet's word, such as ErrImagePull or CrashLoopBackOff; empty where it runs. */
function waitsFor({ status }: Pod): string {
  const reason = status?.containerStatuses?.flatMap(({ state }) => state?.waiting?.reason ?? [])[0];
  return reason === undefined ? "" : `: ${reason}`;
}

/** What an endpoint is of: its pod, or where nobody names one, itself. */
function podOf({ nodeName, targetRef, addresses }: Endpoint): string {
  return `${nodeName} ${targetRef?.name ?? addresses?.[0]}`;
}

/** The first port of a Service that leads to no endpoint at all, as happens when targetPort is a name that no pod has. */
function portWithoutEndpoint(facts: ClusterFacts, service: Service) {
  const slices = slicesOf(facts, service).filter(({ endpoints: of }) => (of ?? []).some(isServing));
  if (slices.some(({ ports }) => ports === undefined)) return undefined;
  const names = new Set(slices.flatMap(({ ports }) => (ports ?? []).map(({ name }) => name ?? "")));
  return service.spec.ports?.find(({ name }) => !names.has(name ?? ""));
}

/** Whether any node may announce at all: Ready, not excluded, with a speaker, and with an endpoint where the policy is Local. */
const nodes: Question = ({ facts, service }) => {
  const well = wellNodes(facts.speakers);
  const isLocal = service.spec.externalTrafficPolicy === "Local";
  const serving = servingNodes(facts, service);
  const views = facts.nodes.map(nodeView).filter(({ name }) => !isLocal || serving.has(name));
  const able = views.filter(({ name, refusal }) => refusal === undefined && well.has(name));
  const refused = views.flatMap(({ name, refusal }) =>
    refusal !== undefined
      ? [refusal]
      : well.has(name)
        ? []
        : [{ reason: "NoSpeakerReady", message: `node ${name} has no Ready speaker` }],
  );
  const local = isLocal ? " with an endpoint (externalTrafficPolicy is Local)" : "";
  if (able.length === 0 && views.length > 0)
    return problem(
      "nodes",
      refused[0]?.reason ?? "NoNode",
      `no node${local} may announce: ${refused.map(({ message }) => message).join("; ")}`,
    );
  return refused.length > 0
    ? note(
        "nodes",
        refused[0]?.reason ?? "NoNode",
        `${able.length} may announce; not: ${refused.map(({ message }) => message).join("; ")}`,
      )
    : ok("nodes", `${able.length}${local} may announce`);
};

const bgpConf: Question = ({ facts, held }) => {
  if (!held.some(({ eip }) => isBgp(eip))) return undefined;
  const conf = defaultConfOf(facts.bgpConfs);
  if (conf === undefined)
    return problem("bgp configuration", "NoBgpConf", 'the Eip is announced by BGP, and there is no BgpConf named "default"');
  const refused = conf.status?.conditions?.find(({ type, status }) => type === "Accepted" && status === "False");
  if (refused !== undefined) return problem("bgp configuration", refused.reason, refused.message);
  if ((conf.spec.as ?? 0) === 0)
    return problem("bgp configuration", "NoAs", "spec.as of BgpConf default is 0 or absent: BGP is off");
  return ok("bgp configuration", `AS ${conf.spec.as}`);
};

/** One BgpPeer, as the question about sessions sees it. */
interface PeerRow {
  readonly name: string;
  readonly up: readonly string[];
  /** Nodes on which the session is down, by what is said of it. */
  readonly down: ReadonlyMap<string, readonly string[]>;
  /** Why no session can be up, the same for every node; undefined where that is not so. */
  readonly hindrance: Check | undefined;
  readonly hasPassword: boolean;
  readonly hasReports: boolean;
}

const sessions = "bgp sessions";

function peerRow(peer: BgpPeer, facts: ClusterFacts): PeerRow {
  const { name } = peer.metadata;
  const nodes = Object.entries(peer.status?.nodesPeerStatus ?? {});
  const up = nodes.filter(([, { peerState }]) => peerState?.sessionState === "ESTABLISHED").map(([node]) => node);
  const said = nodes
    .filter(([node]) => !up.includes(node))
    .map(([node, { peerState, lastError }]) => {
      const state = (peerState?.sessionState ?? "unknown").toLowerCase();
      const isDialled = ["connect", "active"].includes(state) && peer.spec.conf.neighborAddress !== undefined;
      return { node, text: lastError || (isDialled ? `no answer from ${peer.spec.conf.neighborAddress} yet (${state})` : state) };
    });
  const down = new Map([...Map.groupBy(said, ({ text }) => text)].map(([text, on]) => [text, on.map(({ node }) => node)]));
  const { passwordSecretRef, authPassword = "" } = peer.spec.conf;
  return {
    name,
    up,
    down,
    hindrance: hindranceOf(peer, facts, down),
    hasPassword: passwordSecretRef !== undefined || authPassword !== "",
    hasReports: nodes.length > 0,
  };
}

/** What keeps a BgpPeer from any session: how it is written, or a password that is not there. */
function hindranceOf(peer: BgpPeer, facts: ClusterFacts, down: PeerRow["down"]): Check | undefined {
  const { name } = peer.metadata;
  const refused = peer.status?.conditions?.find(({ type, status }) => type === "Accepted" && status === "False");
  if (refused !== undefined) return problem(sessions, refused.reason, `${name} is not used: ${refused.message}`);
  if (!facts.nodes.some((node) => selects(peer.spec.nodeSelector, node.metadata.labels ?? {})))
    return problem(sessions, "PeerSelectsNoNode", `spec.nodeSelector of BgpPeer ${name} selects no node`);
  const secret = passwordSecretOf(peer);
  const without = secret === undefined ? undefined : down.get(noPasswordIn(secret));
  if (secret === undefined || without === undefined || down.size > 1) return undefined;
  const namespace = facts.speakers[0]?.metadata.namespace ?? "berth-system";
  return problem(
    sessions,
    "NoPassword",
    `${name} has no password on ${without.join(", ")}: spec.conf.passwordSecretRef names the Secret ${namespace}/${secret.name} with the key "${secret.key}", and there is none`,
    `make the Secret ${namespace}/${secret.name} (Berth's namespace, not the Service's) with the router's password under the key "${secret.key}", or add that key to it: kubectl create secret generic ${secret.name} -n ${namespace} --from-literal=${secret.key}=<password>; or name the right one in spec.conf.passwordSecretRef of BgpPeer ${name}`,
  );
}

function textOf({ name, up, down, hindrance, hasPassword, hasReports }: PeerRow): string {
  if (hindrance !== undefined && up.length === 0) return hindrance.message;
  const silent = [...down].map(([text, nodes]) => `${nodes.join(", ")}: ${text}`);
  return [
    `${name} is up on ${up.join(", ") || "no node"}`,
    silent.length > 0 ? `, down on ${silent.join("; ")}` : "",
    hasReports ? "" : " (no node selected, or no speaker)",
    hasPassword && silent.length > 0
      ? "; it has a TCP-MD5 password: a router with another, or with none, does not answer at all"
      : "",
  ].join("");
}

const bgpSessions: Question = ({ facts, held, reports }) => {
  if (!held.some(({ eip }) => isBgp(eip))) return undefined;
  if (facts.bgpPeers.length === 0) return problem(sessions, "NoBgpPeer", "there is no BgpPeer: no router is told of the address");
  const rows = facts.bgpPeers.map((peer) => peerRow(peer, facts));
  const isUp =
    rows.some(({ up }) => up.length > 0) || reports.some(({ announcing, protocol }) => announcing && protocol === "bgp");
  const message = rows.map(textOf).join(". ");
  if (isUp)
    return rows.some(({ hindrance, down }) => hindrance !== undefined || down.size > 0)
      ? note(sessions, "SomeSessionsDown", message)
      : ok(sessions, message);
  // A password that is not there is told first, for it is sure; then a router that does not answer, before one that was never asked.
  const causes = rows.map(({ hindrance }) => hindrance ?? problem(sessions, "NoSession", ""));
  const first =
    ["NoPassword", "NoSession"].flatMap((reason) => causes.find((cause) => cause.reason === reason) ?? [])[0] ?? causes[0];
  return problem(sessions, first?.reason ?? "NoSession", `no session is up: ${message}`, first?.remedy);
};

/** What the nodes themselves say. */
const announced: Question = ({ held, reports }) => {
  if (held.length === 0) return undefined;
  const silent = held.filter(({ address }) => !reports.some((report) => report.address === address && report.announcing));
  if (silent.length === 0) {
    const lines = held.map(({ address }) => {
      const by = reports.filter((report) => report.address === address && report.announcing);
      const [first] = by;
      return by.length === 1 && first !== undefined
        ? `${address} by ${first.node} on ${first.via ?? "no interface"}: ${first.message ?? ""}`
        : `${address} is announced by ${by.map(({ node }) => node).join(", ")}`;
    });
    return ok("announced", lines.join("; "));
  }
  const refusals = silent.flatMap(({ address }) => reports.filter((report) => report.address === address && !report.announcing));
  const said = refusals.map(({ node, message }) => `${node} says: ${message ?? ""}`).join("; ");
  return problem(
    "announced",
    refusals[0]?.reason ?? "NotAnnounced",
    `nobody announces ${silent.map(({ address }) => address).join(", ")}${said === "" ? "" : `; ${said}`}`,
  );
};

const conflict: Question = ({ reports }) => {
  const claimed = reports.filter((report) => report.conflict !== undefined);
  return claimed.length === 0
    ? undefined
    : problem(
        "conflict",
        "ForeignHost",
        claimed
          .map(
            (report) =>
              `${report.conflict?.mac} claims ${report.address} on ${report.conflict?.interface} of ${report.node}; find that host and give it another address`,
          )
          .join("; "),
      );
};

/** The questions about the way from an address to the network, in order. */
export const announcementChecks: readonly ((subject: Subject) => ReturnType<Question>)[] = [
  conflict,
  endpoints,
  speakers,
  nodes,
  bgpConf,
  bgpSessions,
  announced,
];
