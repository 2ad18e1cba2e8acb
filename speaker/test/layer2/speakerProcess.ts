/** A Layer2 announcer alone, for tests in network namespaces: takes views as JSON lines on standard input; "status" answers with its status. */
import { createInterface } from "node:readline";
import type { EipSpec } from "@berth/api/eip";
import type { ClusterView } from "../../src/announce/view.ts";
import { createLayer2Announcer } from "../../src/layer2/shell/announcer.ts";
import { parseAddress } from "../../src/net/address.ts";
import { openLog } from "../../src/shell/log.ts";

/** What a line says: the nodes with their InternalIPs and what they have published, the addresses in use. */
export interface Line {
  readonly nodes: readonly {
    readonly name: string;
    readonly address: string;
    readonly published?: unknown;
    readonly refusal?: string;
  }[];
  readonly addresses: readonly string[];
  readonly spec?: Partial<EipSpec>;
}

const [nodeName = "", logLevel = "error"] = process.argv.slice(2);
const read = (text: string) => {
  const address = parseAddress(text);
  if (address === undefined) throw new Error(`${text} is no address`);
  return address;
};
const workerFile = new URL("../../src/layer2/shell/layer2Worker.ts", import.meta.url);
const logger = openLog(logLevel === "info" ? "info" : "error", { node: nodeName });
const announcer = createLayer2Announcer({ workerFile }, { logger, onNews: () => undefined });

function viewOf({ nodes, addresses, spec }: Line): ClusterView {
  return {
    nodeName,
    clusterId: "test",
    nodes: nodes.map(({ name, address, published, refusal }) => ({
      name,
      labels: {},
      internalAddresses: [read(address)],
      refusal: refusal === undefined ? undefined : { reason: refusal, message: refusal },
      ...(published === undefined ? {} : { published: { layer2: published } }),
    })),
    addresses: addresses.map((text) => ({
      address: read(text),
      eip: { apiVersion: "", kind: "Eip", metadata: { name: "pool" }, spec: { address: text, protocol: "layer2", ...spec } },
      services: ["ns/s"],
      localOnly: false,
      endpointsByNode: new Map([[nodes[0]?.name ?? "", 1]]),
    })),
    bgpConf: undefined,
    bgpPeers: [],
    passwords: new Map(),
  };
}

process.on("SIGTERM", () => {
  void announcer.close().then(() => process.exit(0));
});
for await (const text of createInterface({ input: process.stdin })) {
  if (text === "status")
    process.stdout.write(
      `${JSON.stringify({ ...announcer.status(), memory: process.memoryUsage.rss(), cpu: process.cpuUsage() })}\n`,
    );
  else if (text.startsWith("stall ")) for (const end = Date.now() + Number(text.slice(6)); Date.now() < end; );
  else announcer.apply(viewOf(JSON.parse(text) as Line));
}
