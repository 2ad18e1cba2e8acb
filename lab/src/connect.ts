/**
 * A fresh TCP connection to an address every 10 ms, until standard input ends; then one line of JSON.
 * Runs on a host of the lab: node connect.ts <address> <port>. Nothing is kept alive, nothing is tried again:
 * a lost SYN is a failure, because its repetition after a second comes too late.
 */
import { connect } from "node:net";

const interval = 10;
const patience = 1000;
/** Gaps from this length on are listed. */
const worthListing = 50;

const [, , address = "", port = "80"] = process.argv;
const began = performance.now();
const since = (): number => Math.round(performance.now() - began);
let last = began;
let attempts = 0;
let connected = 0;
let isEnding = false;
const failures: { readonly at: number; readonly error: string }[] = [];
const gaps: { readonly at: number; readonly milliseconds: number }[] = [];

function note(now: number): void {
  if (now - last >= worthListing) gaps.push({ at: Math.round(last - began), milliseconds: Math.round(now - last) });
  last = now;
}

function attempt(): void {
  attempts++;
  const at = since();
  const socket = connect({ host: address, port: Number(port) });
  const fail = (error: string): void => {
    if (socket.destroyed) return;
    failures.push({ at, error });
    socket.destroy();
  };
  // Behind what has arrived meanwhile: this process may have stood still, and timers come before sockets.
  const timer = setTimeout(() => setImmediate(fail, "ETIMEDOUT"), patience);
  socket.on("error", (error: NodeJS.ErrnoException) => {
    clearTimeout(timer);
    failures.push({ at, error: error.code ?? error.message });
  });
  socket.on("connect", () => {
    clearTimeout(timer);
    connected++;
    note(performance.now());
    socket.destroy();
  });
}

const timer = setInterval(attempt, interval);

function end(): void {
  if (isEnding) return;
  isEnding = true;
  clearInterval(timer);
  const stopped = performance.now();
  setTimeout(() => {
    if (stopped > last) note(stopped);
    const longestGap = Math.max(0, ...gaps.map(({ milliseconds }) => milliseconds));
    process.stdout.write(
      `${JSON.stringify({ startedAt: performance.timeOrigin + began, attempts, connected, failures, gaps, longestGap })}\n`,
      // A pipe takes 64 kB at once; what is left of a long list would be lost.
      () => process.exit(),
    );
  }, patience + 50);
}

process.stdin.on("end", end);
process.stdin.resume();
