import type { ProtocolFacts } from "../../announce/announcer.ts";
import type { ClusterView } from "../../announce/view.ts";
import type { Logger } from "../../ports/logger.ts";
import type { PeerFacts } from "../facts.ts";
import { mergePatch, nodePeerStatus, type SessionEvent, sessionEvent } from "../status.ts";

/** How often the facts are looked at; they are written only when they changed. */
const interval = 500;
/** So long a write is given to come back as a change before it is made again. */
const patience = 3000;
const group = "/apis/network.kubesphere.io/v1alpha2";

/** What the cluster is told with. */
export interface BgpReportPorts {
  /** Sends a JSON merge patch. */
  patch(path: string, body: unknown): Promise<unknown>;
  /** Makes an event of a BgpPeer. */
  record(peer: ClusterView["bgpPeers"][number], event: SessionEvent): void;
  facts(): ProtocolFacts;
  readonly logger: Logger;
}

/** A running report. */
export interface BgpReport {
  /** Takes what the cluster's objects say now. */
  apply(view: ClusterView): void;
  /** Ends after one more look. */
  close(): Promise<void>;
}

/** Writes what this node's sessions are into the statuses of BgpPeers and of the BgpConf, on change. A failure is tried again. */
export function reportPeers(nodeName: string, ports: BgpReportPorts): BgpReport {
  const written = new Map<string, { readonly text: string; readonly at: number }>();
  const seen = new Map<string, PeerFacts>();
  let view: ClusterView | undefined;
  let running: Promise<void> | undefined;

  /** Brings this node's part of a status from what it is to what it should be. */
  async function bring(path: string, field: string, current: unknown, wanted: unknown): Promise<void> {
    const text = JSON.stringify(wanted) ?? "null";
    const change = wanted === undefined ? null : mergePatch(current, wanted);
    const last = written.get(path);
    const isThere = JSON.stringify(sorted(current)) === JSON.stringify(sorted(wanted));
    if (isThere || (last?.text === text && performance.now() - last.at < patience)) return;
    await ports.patch(`${group}/${path}/status`, { status: { [field]: { [nodeName]: change } } });
    written.set(path, { text, at: performance.now() });
  }

  async function report(): Promise<void> {
    if (view === undefined) return;
    const {
      as,
      routerId,
      peers = [],
    } = ports.facts() as {
      readonly as?: number;
      readonly routerId?: string;
      readonly peers?: readonly PeerFacts[];
    };
    const { bgpConf, bgpPeers } = view;
    for (const peer of bgpPeers) {
      const { name } = peer.metadata;
      const facts = peers.find((one) => one.name === name);
      const event = facts === undefined ? undefined : sessionEvent(nodeName, seen.get(name), facts);
      if (facts === undefined) seen.delete(name);
      else seen.set(name, facts);
      if (event !== undefined) ports.record(peer, event);
      const wanted = facts === undefined ? undefined : nodePeerStatus(facts);
      await bring(`bgppeers/${name}`, "nodesPeerStatus", peer.status?.nodesPeerStatus?.[nodeName], wanted);
    }
    if (bgpConf !== undefined)
      await bring(
        `bgpconfs/${bgpConf.metadata.name}`,
        "nodesConfStatus",
        bgpConf.status?.nodesConfStatus?.[nodeName],
        as === undefined || routerId === undefined ? undefined : { routerId, as },
      );
  }

  function attempt(): Promise<void> {
    running ??= report()
      .catch((error: unknown) =>
        ports.logger.debug({ event: "reportFailed", error: String(error) }, "a status of BGP could not be written; trying again"),
      )
      .finally(() => {
        running = undefined;
      });
    return running;
  }
  const timer = setInterval(() => void attempt(), interval);
  return {
    apply(next): void {
      view = next;
    },
    async close(): Promise<void> {
      clearInterval(timer);
      await running;
      await attempt();
    },
  };
}

/** The same value with the keys of its objects in order, so that equal values have equal texts. */
function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, one]) => [key, sorted(one)]),
  );
}
