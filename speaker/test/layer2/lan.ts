import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import type { AnnouncementFact } from "../../src/announce/announcer.ts";
import type { ContenderFact } from "../../src/layer2/facts.ts";
import type { Counters } from "../../src/layer2/shell/protocol.ts";
import type { Line } from "./speakerProcess.ts";

const prefix = "berth-l2t";

/** Runs a command. @throws Error with what it wrote when it fails */
export function must(...command: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(command[0] ?? "", command.slice(1), { encoding: "utf8" });
  if (status !== 0) throw new Error(`${command.join(" ")}: ${stderr || stdout}`);
  return stdout;
}

/** What a speaker says of itself. */
export interface Status {
  readonly announcements: readonly AnnouncementFact[];
  readonly facts: {
    readonly addresses: readonly ContenderFact[];
    readonly counters: Counters;
    readonly links: readonly string[];
  };
  readonly published: unknown;
  /** Octets in memory, and microseconds on a CPU. */
  readonly memory: number;
  readonly cpu: { readonly user: number; readonly system: number };
}

/** A bridge with hosts on it, each in a network namespace of its own, and speakers on some of them. */
export class Lan {
  readonly #names = new Set<string>();
  readonly #speakers = new Set<Speaker>();
  readonly #bridge = `${prefix}-lan`;

  constructor() {
    this.#addNamespace("lan");
    must("ip", "-n", this.#bridge, "link", "add", "br0", "type", "bridge", "forward_delay", "0", "mcast_snooping", "1");
    must("ip", "-n", this.#bridge, "link", "set", "br0", "up");
  }

  /** The namespace of a host. */
  namespace(host: string): string {
    return `${prefix}-${host}`;
  }

  #addNamespace(host: string): void {
    const name = this.namespace(host);
    spawnSync("ip", ["netns", "delete", name]);
    must("ip", "netns", "add", name);
    must("ip", "-n", name, "link", "set", "lo", "up");
    this.#names.add(name);
  }

  /** Adds a host that stands on the LAN with an interface eth0. */
  addHost(host: string, ...cidrs: readonly string[]): void {
    this.#addNamespace(host);
    this.plugNew(host, "eth0", host, ...cidrs);
  }

  /** Gives a host another interface on the LAN. @param port the name of the bridge's end */
  plugNew(host: string, name: string, port: string, ...cidrs: readonly string[]): void {
    const namespace = this.namespace(host);
    must("ip", "-n", this.#bridge, "link", "add", port, "type", "veth", "peer", "name", name, "netns", namespace);
    must("ip", "-n", this.#bridge, "link", "set", port, "master", "br0", "up");
    for (const cidr of cidrs)
      must("ip", "-n", namespace, "address", "add", cidr, "dev", name, ...(cidr.includes(":") ? ["nodad"] : []));
    must("ip", "-n", namespace, "link", "set", name, "up");
  }

  /** Runs ip in a host. */
  ip(host: string, ...args: readonly string[]): string {
    return must("ip", "-n", this.namespace(host), ...args);
  }

  /** Runs ip in the bridge's namespace. */
  onBridge(...args: readonly string[]): string {
    return must("ip", "-n", this.#bridge, ...args);
  }

  /** Runs a command in a host to its end. */
  run(host: string, ...command: readonly string[]): { readonly code: number; readonly output: string } {
    const { status, stdout, stderr } = spawnSync("ip", ["netns", "exec", this.namespace(host), ...command], { encoding: "utf8" });
    return { code: status ?? 1, output: stdout + stderr };
  }

  /** Starts a command in a host. */
  start(host: string, ...command: readonly string[]): ChildProcess {
    return spawn("ip", ["netns", "exec", this.namespace(host), ...command], { stdio: ["pipe", "pipe", "inherit"] });
  }

  /** Lets no ARP frame pass between a host and the rest of the LAN. */
  cutArp(port: string): void {
    const nft = (...command: readonly string[]): string => must("ip", "netns", "exec", this.#bridge, "nft", ...command);
    nft("add table bridge cut");
    nft("add chain bridge cut forward { type filter hook forward priority 0; }");
    for (const side of ["iifname", "oifname"]) nft(`add rule bridge cut forward ${side} "${port}" ether type arp drop`);
  }

  /** The Ethernet addresses that answer for an address, asked from a host; each once for each of `count` questions that it answered. */
  answers(host: string, address: string, count = 1): string[] {
    if (address.includes(":")) {
      this.run(host, "ip", "neigh", "flush", "dev", "eth0");
      this.run(host, "ping", "-6", "-c", "1", "-W", "1", address);
      const { output } = this.run(host, "ip", "-6", "neigh", "show", address);
      return [...output.matchAll(/lladdr (\S+)/g)].map(([, mac = ""]) => mac);
    }
    const { output } = this.run(host, "arping", "-c", String(count), "-w", String(count + 1), "-I", "eth0", address);
    return [...output.matchAll(/\[([0-9A-F]{2}(?::[0-9A-F]{2}){5})\]/g)].map(([, mac = ""]) => mac.toLowerCase());
  }

  macOf(host: string, name = "eth0"): string {
    const [, mac = ""] = /link\/ether (\S+)/.exec(this.ip(host, "link", "show", name)) ?? [];
    return mac;
  }

  speaker(host: string): Speaker {
    const file = new URL("./speakerProcess.ts", import.meta.url).pathname;
    const speaker = new Speaker(host, this.start(host, process.execPath, file, host, process.env["BERTH_LOG"] ?? "error"));
    this.#speakers.add(speaker);
    return speaker;
  }

  /** Ends every speaker and takes everything down. */
  async close(): Promise<void> {
    await Promise.all([...this.#speakers].map((speaker) => speaker.kill()));
    for (const name of this.#names) spawnSync("ip", ["netns", "delete", name]);
  }
}

/** A speaker on a host of the LAN. */
export class Speaker {
  readonly host: string;
  readonly process: ChildProcess;
  readonly #waiting: ((line: string) => void)[] = [];
  readonly #ended: Promise<unknown>;

  constructor(host: string, child: ChildProcess) {
    this.host = host;
    this.process = child;
    this.#ended = new Promise((resolve) => child.once("exit", resolve));
    if (child.stdout !== null)
      createInterface({ input: child.stdout }).on("line", (line) => {
        if (line.includes('"announcements"')) this.#waiting.shift()?.(line);
        else process.stderr.write(`${line}\n`);
      });
  }

  say(line: Line | string): void {
    this.process.stdin?.write(`${typeof line === "string" ? line : JSON.stringify(line)}\n`);
  }

  async status(): Promise<Status> {
    const answer = new Promise<string>((resolve) => this.#waiting.push(resolve));
    this.say("status");
    return JSON.parse(await answer) as Status;
  }

  /** Waits until a claim about the status holds. @throws Error that names the claim and the last status */
  async until(claim: string, holds: (status: Status) => boolean, milliseconds = 5000): Promise<Status> {
    const end = Date.now() + milliseconds;
    for (;;) {
      const status = await this.status();
      if (holds(status)) return status;
      if (Date.now() > end)
        throw new Error(
          `${this.host}, ${claim}: not within ${milliseconds} ms; ${JSON.stringify(status.announcements.slice(0, 3))}`,
        );
      await sleep(20);
    }
  }

  signal(name: "STOP" | "CONT" | "TERM" | "KILL"): void {
    this.process.kill(`SIG${name}`);
  }

  async kill(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    this.signal("CONT");
    this.signal("KILL");
    await this.#ended;
  }

  async stop(): Promise<void> {
    this.signal("TERM");
    await this.#ended;
  }
}

/** How many addresses a speaker announces. */
export const announced = (status: Status): number => status.announcements.filter((fact) => fact.isAnnouncing).length;
