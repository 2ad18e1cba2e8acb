import type { ProtocolFacts } from "../../announce/announcer.ts";
import type { Logger } from "../../ports/logger.ts";
import type { PeerFacts } from "../facts.ts";
import { nodePeerStatus } from "../status.ts";

/** How often the facts are looked at; they are written only when they changed. */
const interval = 500;

/** What a report is written with: the API server, as far as it is needed here. */
export interface StatusWriter {
  send(method: "PATCH", path: string, body: unknown): Promise<unknown>;
}

/** Writes what this node's sessions are into the statuses of the BgpPeers, on change. A failure is tried again. `close` writes once more. */
export function reportPeers(
  api: StatusWriter,
  nodeName: string,
  facts: () => ProtocolFacts,
  logger: Logger,
): { close(): Promise<void> } {
  const written = new Map<string, string>();
  let isBusy = false;
  async function report(): Promise<void> {
    for (const peer of (facts()["peers"] ?? []) as readonly PeerFacts[]) {
      const status = nodePeerStatus(peer);
      const text = JSON.stringify(status);
      if (written.get(peer.name) === text) continue;
      await api.send("PATCH", `/apis/network.kubesphere.io/v1alpha2/bgppeers/${peer.name}/status`, {
        status: { nodesPeerStatus: { [nodeName]: status } },
      });
      written.set(peer.name, text);
    }
  }
  const attempt = (): Promise<void> =>
    report().catch((error: unknown) =>
      logger.debug({ event: "reportFailed", error: String(error) }, "the status of a BgpPeer could not be written; trying again"),
    );
  const timer = setInterval(() => {
    if (isBusy) return;
    isBusy = true;
    void attempt().finally(() => {
      isBusy = false;
    });
  }, interval);
  return {
    close(): Promise<void> {
      clearInterval(timer);
      return attempt();
    },
  };
}
