/**
 * A fresh TCP connection to an address every 10 ms, for some seconds, and until standard input ends. Prints how many failed, and the time from the first failed attempt to the
 * last, in milliseconds: with several paths some attempts succeed all the time, so that a gap between successes would hide a dead path.
 */
import { connect } from "node:net";

const [, , address, seconds] = process.argv;
const started = performance.now();
const end = started + Number(seconds) * 1000;
const patience = 900;
let attempts = 0;
let failures = 0;
let isWanted = true;
process.stdin.on("end", () => {
  isWanted = false;
});
process.stdin.resume();
let [first, last] = [Number.NaN, Number.NaN];

const timer = setInterval(() => {
  const now = performance.now();
  if (now > end && !isWanted) {
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
  // Behind what has arrived meanwhile: this process may have stood still, and timers come before sockets.
  const giveUp = setTimeout(() => setImmediate(fail), patience);
  let isOver = false;
  const fail = () => {
    if (isOver) return;
    isOver = true;
    clearTimeout(giveUp);
    failures++;
    first = Number.isNaN(first) ? now : Math.min(first, now);
    last = Number.isNaN(last) ? now : Math.max(last, now);
    socket.destroy();
  };
  socket.on("error", fail);
  socket.on("connect", () => {
    isOver = true;
    clearTimeout(giveUp);
    socket.destroy();
  });
}, 10);
