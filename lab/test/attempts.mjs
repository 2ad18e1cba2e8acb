/**
 * A fresh TCP connection to an address every 10 ms, for some seconds. Prints how many failed, and the time from the first failed attempt to the
 * last, in milliseconds: with several paths some attempts succeed all the time, so that a gap between successes would hide a dead path.
 */
import { connect } from "node:net";

const [, , address, seconds] = process.argv;
const started = performance.now();
const end = started + Number(seconds) * 1000;
const patience = 900;
let attempts = 0;
let failures = 0;
let [first, last] = [Number.NaN, Number.NaN];

const timer = setInterval(() => {
  const now = performance.now();
  if (now > end) {
    clearInterval(timer);
    setTimeout(() => {
      const window = failures === 0 ? 0 : Math.round(last - first);
      process.stdout.write(`${JSON.stringify({ attempts, failures, window })}\n`);
      process.exit();
    }, patience + 300);
    return;
  }
  attempts++;
  const socket = connect({ host: address, port: 80 });
  const giveUp = setTimeout(() => fail(), patience);
  const fail = () => {
    clearTimeout(giveUp);
    failures++;
    first = Number.isNaN(first) ? now : Math.min(first, now);
    last = Number.isNaN(last) ? now : Math.max(last, now);
    socket.destroy();
  };
  socket.on("error", fail);
  socket.on("connect", () => {
    clearTimeout(giveUp);
    socket.destroy();
  });
}, 10);
