/**
 * Sends ARP requests for an address and counts what comes back. Usage: arpLoad.ts <sender address> <address> <a second> <seconds> [noise]
 * With "noise" every second frame is malformed, or a claim of a stranger for another address. Prints one JSON line.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { encodeQuestion } from "../../src/layer2/frame.ts";
import { KernelLinks } from "../../src/layer2/shell/kernelLinks.ts";
import { addressToBytes, parseAddress } from "../../src/net/address.ts";
import { Batch, bind, constants, socket } from "../../src/shell/sys.ts";

const [own = "", wanted = "", rate = "1000", seconds = "5", noise = ""] = process.argv.slice(2);
const from = parseAddress(own);
const target = parseAddress(wanted);
const links = new KernelLinks();
const link = links.read().find(({ name }) => name === "eth0");
if (from === undefined || target === undefined || link === undefined) throw new Error("addresses, or eth0, are missing");
const fd = socket(constants.AF_PACKET, constants.SOCK_RAW | constants.SOCK_NONBLOCK, 0);
const address = new Uint8Array(20);
const view = new DataView(address.buffer);
view.setUint16(0, constants.AF_PACKET, true);
view.setUint16(2, constants.ETH_P_ARP, false);
view.setInt32(4, link.index, true);
bind(fd, address);

const request = encodeQuestion(target, link.mac, from, undefined, {
  kind: "probe",
  rank: 0,
  tenure: 0,
  nonce: 0,
  cluster: 0,
}).fill(0, 42);
const batch = new Batch(50, request.length);
for (let index = 0; index < 50; index++) {
  const frame = batch.slot(index);
  frame.set(request);
  if (noise === "" || index % 2 === 0) continue;
  const at = [14, 16, 18, 20, 22, 38, 12, 39][(index >> 1) % 8] ?? 14;
  frame[at] = 0xa5;
}
const octets = addressToBytes(target);
const useful = noise === "" ? 50 : 25;
const received = new Batch(64, 64);
const macs = new Map<string, number>();
let [sent, answered, lastAt, longestGap] = [0, 0, performance.now(), 0];

function take(): void {
  for (let count = received.receive(fd); count > 0; count = received.receive(fd)) {
    for (let index = 0; index < count; index++) {
      const frame = received.slot(index);
      if (frame[21] !== 2 || !octets.every((octet, at) => frame[28 + at] === octet)) continue;
      answered++;
      const mac = Buffer.from(frame.subarray(22, 28))
        .toString("hex")
        .replaceAll(/(..)(?=.)/g, "$1:");
      macs.set(mac, (macs.get(mac) ?? 0) + 1);
    }
    longestGap = Math.max(longestGap, performance.now() - lastAt);
    lastAt = performance.now();
  }
}

const size = Math.max(1, Math.min(50, Math.round(Number(rate) / 1000)));
const began = performance.now();
lastAt = began;
let frames = 0;
while (performance.now() - began < Number(seconds) * 1000) {
  const dueNow = ((performance.now() - began) / 1000) * Number(rate);
  while (frames < dueNow) {
    const count = batch.send(fd, size, request.length);
    frames += count;
    sent += noise === "" ? count : Math.round((count * useful) / 50);
    take();
  }
  take();
  if (Number(rate) < 5000) await sleep(1);
}
await sleep(200);
take();
process.stdout.write(
  `${JSON.stringify({ frames, sent, answered, longestGap: Math.round(longestGap), macs: Object.fromEntries(macs) })}\n`,
);
