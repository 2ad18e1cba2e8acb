/** A BGP announcer alone, for interoperation tests: takes views as JSON lines on standard input, answers each line with its status. */
import { createInterface } from "node:readline";
import type { BgpPeer } from "@berth/api/bgpPeer";
import type { EipBgp } from "@berth/api/eipBgp";
import type { ClusterView } from "../../src/announce/view.ts";
import { startBfd } from "../../src/bfd/shell/start.ts";
import { createBgpAnnouncer } from "../../src/bgp/shell/announcer.ts";
import { parseAddress } from "../../src/net/address.ts";
import { openLog } from "../../src/shell/log.ts";

/** What a line says. */
export interface Line {
  readonly as: number;
  readonly listenPort: number;
  readonly peers: readonly BgpPeer["spec"][];
  /** Addresses; one of an Eip that says more of its routes comes with what that says. */
  readonly addresses: readonly (string | { readonly address: string; readonly bgp: EipBgp })[];
  readonly password?: string;
  /** InternalIPs of a second node; there is none without. */
  readonly otherNode?: readonly string[];
}

const textOf = (one: Line["addresses"][number]): string => (typeof one === "string" ? one : one.address);
const read = (text: string) => {
  const address = parseAddress(text);
  if (address === undefined) throw new Error(`${text} is no address`);
  return address;
};
/** With BERTH_RECORD_EVENTS set to a directory, sessions are recorded there: that is how the cases of test/replay came to be. */
const recordDirectory = process.env["BERTH_RECORD_EVENTS"];
const options = { drainMilliseconds: 0, ...(recordDirectory === undefined ? {} : { recordDirectory }) };
const logger = openLog("error", {});
const bfdWorkerFile = new URL("../../src/bfd/shell/bfdWorker.ts", import.meta.url);
const announcer = createBgpAnnouncer(options, { logger, startLiveness: () => startBfd(bfdWorkerFile, logger) });

function viewOf(line: Line): ClusterView {
  const object = { apiVersion: "network.kubesphere.io/v1alpha2", metadata: { name: "default" } };
  const peers = line.peers.map(
    (spec, index): BgpPeer => ({ ...object, kind: "BgpPeer", metadata: { name: `peer${index}` }, spec }),
  );
  return {
    nodeName: "node1",
    nodes: [["10.99.0.11", "fd00:99::11"], ...(line.otherNode === undefined ? [] : [line.otherNode])].map((texts, index) => ({
      name: `node${index + 1}`,
      labels: {},
      internalAddresses: texts.map(read),
      refusal: undefined,
    })),
    addresses: line.addresses.map((one, index) => ({
      address: read(textOf(one)),
      eip: {
        ...object,
        kind: "Eip",
        metadata: { name: `eip${index}` },
        spec: { address: textOf(one), ...(typeof one === "string" ? {} : { bgp: one.bgp }) },
      },
      services: ["ns/s"],
      localOnly: false,
      endpointsByNode: new Map([["node1", 1]]),
    })),
    bgpConf: { ...object, kind: "BgpConf", spec: { as: line.as, listenPort: line.listenPort } },
    bgpPeers: peers,
    passwords: new Map(line.password === undefined ? [] : peers.map((peer) => [peer.metadata.name, line.password ?? ""])),
  };
}

for await (const text of createInterface({ input: process.stdin })) {
  if (text === "status") process.stdout.write(`${JSON.stringify(announcer.status().facts)}\n`);
  else announcer.apply(viewOf(JSON.parse(text) as Line));
}
await announcer.close();
process.exit(0);
