/** Berth's BGP as the speaker runs it: the announcer of the main thread with its thread of sessions. Takes lines: `setup <JSON>`, `prepare <count>`, `apply`, `add <index>`. */
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import type { BgpPeer } from "@berth/api/bgpPeer";
import type { Eip } from "@berth/api/eip";
import type { AssignedAddress, ClusterView } from "../../../speaker/src/announce/view.ts";
import { createBgpAnnouncer } from "../../../speaker/src/bgp/shell/announcer.ts";
import { type Address, parseAddress } from "../../../speaker/src/net/address.ts";
import type { Setup } from "./contestant.ts";
import { now } from "./receiver.ts";
import { hostText } from "./wire.ts";

const read = (text: string): Address => {
  const address = parseAddress(text);
  if (address === undefined) throw new Error(`${text} is no address`);
  return address;
};
const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const announcer = createBgpAnnouncer(
  { drainMilliseconds: 0, workerFile: new URL("./bgpWorker.mjs", import.meta.url) },
  { logger: { ...silent, isLevelEnabled: () => false } },
);
const object = { apiVersion: "network.kubesphere.io/v1alpha2", metadata: { name: "bench" } };
const eip: Eip = { ...object, kind: "Eip", spec: { address: "100.64.0.0/12", protocol: "bgp" } };
const endpointsByNode = new Map([["node1", 1]]);
const addressAt = (index: number): AssignedAddress => ({
  address: read(hostText(index)),
  eip,
  services: [`bench/s${index}`],
  localOnly: false,
  endpointsByNode,
});
let view: ClusterView = {
  nodeName: "node1",
  nodes: [{ name: "node1", labels: {}, internalAddresses: [read("10.1.0.1")], refusal: undefined }],
  addresses: [],
  bgpConf: { ...object, kind: "BgpConf", spec: { as: 65000, listenPort: 179, listenAddresses: ["10.1.0.1"] } },
  bgpPeers: [],
  passwords: new Map(),
};

const commands: Readonly<Record<string, (rest: string) => void | Promise<void>>> = {
  setup(rest) {
    const { peers, isPassive } = JSON.parse(rest) as Setup;
    const bgpPeers = peers.map(
      ({ address: neighborAddress, as: peerAs }, index): BgpPeer => ({
        ...object,
        kind: "BgpPeer",
        metadata: { name: `peer${index}` },
        spec: {
          conf: { neighborAddress, peerAs },
          transport: { passiveMode: isPassive },
          timers: { config: { connectRetry: "1", holdTime: "90" } },
        },
      }),
    );
    view = { ...view, bgpPeers };
    announcer.apply(view);
  },
  prepare(rest) {
    view = { ...view, addresses: Array.from({ length: Number(rest) }, (_, index) => addressAt(index)) };
  },
  apply() {
    process.stdout.write(`${now()}\n`);
    announcer.apply(view);
  },
  /** One view for all that is due: the watch of the cluster gathers changes, too. */
  async churn(rest) {
    const [perSecond = 0, seconds = 0] = rest.split(" ").map(Number);
    const total = perSecond * seconds;
    const sentAt: number[] = [];
    const started = now();
    for (const addresses: AssignedAddress[] = []; sentAt.length < total; await sleep(1)) {
      const due = Math.min(total, Math.floor(((now() - started) / 1000) * perSecond));
      if (due === addresses.length) continue;
      const at = now();
      for (; addresses.length < due; sentAt.push(at)) addresses.push(addressAt(addresses.length));
      view = { ...view, addresses: [...addresses] };
      announcer.apply(view);
    }
    process.stdout.write(`${JSON.stringify({ sentAt })}\n`);
  },
};

process.stdout.write("ready\n");
for await (const line of createInterface({ input: process.stdin })) {
  const [, name = "", rest = ""] = /^(\w+) ?(.*)$/.exec(line) ?? [];
  await commands[name]?.(rest);
}
await announcer.close();
process.exit(0);
