/** A router in a thread of its own, for tests that block the main thread: dials a speaker, keeps the session up, and counts the time between messages. */
import { performance } from "node:perf_hooks";
import { parentPort, workerData } from "node:worker_threads";
import { connected, messagesOf } from "./wire.ts";

const { port } = workerData as { readonly port: number };
const marker = "ff".repeat(16);
const keepalive = Buffer.from(`${marker}001304`, "hex");
/** AS 65001, hold time 6 s, identifier 172.30.0.1, IPv4 unicast. */
const open = Buffer.from(`${marker}002b0104fde90006ac1e00010e020c01040001000141040000fde9`, "hex");

const socket = await connected(port);
const messages = messagesOf(socket);
socket.write(Buffer.concat([open, keepalive]));
setInterval(() => socket.write(keepalive), 1000);
let last = performance.now();
let longest = 0;
let isUp = false;
parentPort?.on("message", () => {
  parentPort?.postMessage({ longest: Math.max(longest, performance.now() - last) });
  longest = 0;
});
for (let message = await messages.read(); message !== undefined; message = await messages.read()) {
  longest = Math.max(longest, performance.now() - last);
  last = performance.now();
  if (message[0] === 4 && !isUp) {
    isUp = true;
    longest = 0;
    parentPort?.postMessage("up");
  }
  if (message[0] === 3) parentPort?.postMessage({ notification: message[1] });
}
parentPort?.postMessage("ended");
