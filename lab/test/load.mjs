/** A fresh TCP connection to an address every 10 ms, for some seconds; prints the longest time without one, in milliseconds. */
import { connect } from "node:net";

const [, , address, seconds] = process.argv;
const started = performance.now();
const end = started + Number(seconds) * 1000;
let last = started;
let longestGap = 0;
let connections = 0;
let failures = 0;

const timer = setInterval(() => {
  if (performance.now() > end) {
    clearInterval(timer);
    longestGap = Math.max(longestGap, end - last);
    setTimeout(() => {
      process.stdout.write(`${JSON.stringify({ longestGap: Math.round(longestGap), connections, failures })}\n`);
      process.exit();
    }, 200);
    return;
  }
  const socket = connect({ host: address, port: 80, timeout: 1000 });
  const fail = () => {
    failures++;
    socket.destroy();
  };
  socket.on("error", fail);
  socket.on("timeout", fail);
  socket.on("connect", () => {
    const now = performance.now();
    longestGap = Math.max(longestGap, now - last);
    last = now;
    connections++;
    socket.destroy();
  });
}, 10);
