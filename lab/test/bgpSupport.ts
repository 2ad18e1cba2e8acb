import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { root } from "../src/paths.ts";
import { insideHost } from "../src/processes.ts";
import { show } from "../src/router.ts";
import { kube } from "./support.ts";

/** BGP as the router (FRR 8.4), a host behind it and kubectl see it. */
export const nodes = ["node1", "node2", "node3"];
/** The next hop that a node is. */
export const hop = (node: string, family: 4 | 6 = 4): string => `${family === 4 ? "172.30.0." : "fd00:30::"}1${node.slice(-1)}`;
export const hopsOf = (family: 4 | 6): string[] => nodes.map((node) => hop(node, family));
/** The next hops of all nodes. */
export const all = hopsOf(4);

/** Seconds that anything may take before it counts as not happening; where speed is the subject, it is measured. */
export const soon = 120;

export const patch = (object: string, change: object, ...more: string[]): string =>
  kube("patch", object, ...more, "--type=merge", "-p", JSON.stringify(change));
export const condition = (object: string, type: string, what: "status" | "reason" | "message"): string =>
  kube("get", object, "-o", `jsonpath={.status.conditions[?(@.type=="${type}")].${what}}`);

interface Path {
  readonly nexthops: readonly { readonly ip: string; readonly scope?: string }[];
  readonly aspath: { readonly string: string };
  readonly metric?: number;
  readonly stale?: boolean;
  readonly community?: { readonly string: string };
  readonly largeCommunity?: { readonly string: string };
  readonly extendedCommunity?: { readonly string: string };
}
interface Neighbor {
  readonly bgpState?: string;
  readonly remoteAs: number;
  readonly remoteRouterId: string;
  readonly connectionsDropped?: number;
  readonly connectionsEstablished?: number;
  readonly neighborCapabilities?: Readonly<Record<string, unknown>>;
  readonly gracefulRestartInfo?: Readonly<Record<string, unknown>>;
}

/** What the router's command line answers; undefined while its daemon begins. */
const json = <T>(words: string): T | undefined => {
  const { stdout } = show("frr", words.split(" "));
  return stdout.startsWith("{") ? (JSON.parse(stdout) as T) : undefined;
};
/** Every path that the router has to a prefix. */
export const paths = (prefix: string): readonly Path[] =>
  json<{ readonly paths?: readonly Path[] }>(`show bgp ${prefix.includes(":") ? "ipv6" : "ipv4"} unicast ${prefix} json`)
    ?.paths ?? [];
/** Their next hops; of IPv6 the global ones. */
export const hops = (prefix: string): string[] =>
  paths(prefix)
    .flatMap(({ nexthops }) => nexthops.filter(({ scope }) => scope !== "link-local").map(({ ip }) => ip))
    .sort();
/** The router's sessions by the address of the node. */
export const neighbors = (): Readonly<Record<string, Neighbor>> => json("show bgp neighbors json") ?? {};
/** A text that is another one once any session was lost. */
export const drops = (): string => JSON.stringify(nodes.map((node) => [node, neighbors()[hop(node)]?.connectionsDropped]));
/** Changes the router's configuration. */
export const configure = (...lines: string[]): void => {
  const { code, stdout, stderr } = show("frr", [["configure terminal", ...lines].join("\n")]);
  assert.ok(code === 0 && !/%|Unknown/.test(stdout), `${lines.join("; ")}: ${stdout}${stderr}`);
};

/** Tries a claim until it holds. @returns how long it took, in milliseconds */
export async function eventually<T>(claim: string, seconds: number, look: () => T, holds: (seen: T) => boolean): Promise<number> {
  const begin = performance.now();
  for (;;) {
    const seen = look();
    if (holds(seen)) return performance.now() - begin;
    assert.ok(
      performance.now() - begin < seconds * 1000,
      `${claim}: not within ${seconds} s; last seen: ${JSON.stringify(seen)}`,
    );
    await sleep(50);
  }
}
export const equals =
  (wanted: unknown) =>
  (seen: unknown): boolean =>
    JSON.stringify(seen) === JSON.stringify(wanted);

/** Measures up to three times, because the machine has other work, until it took no longer than the bound in milliseconds. */
export async function bestOfThree(bound: number, measure: () => Promise<number>): Promise<void> {
  const seen: number[] = [];
  while (seen.length < 3 && !seen.some((one) => one <= bound)) seen.push(Math.round(await measure()));
  assert.ok(
    seen.some((one) => one <= bound),
    `milliseconds: ${seen.join(", ")}; the bound is ${bound}`,
  );
}

/** A connection every 10 ms from the host behind the router, for at least so many seconds, while something happens. */
export async function attempts(
  address: string,
  seconds: number,
  meanwhile: () => Promise<void> | void,
): Promise<{ readonly attempts: number; readonly failures: number; readonly window: number }> {
  const [file = "", ...args] = insideHost("outside", [
    process.execPath,
    join(root, "lab/test/attempts.mjs"),
    address,
    String(seconds),
  ]);
  const load = spawn(file, args, { stdio: ["pipe", "pipe", "inherit"] });
  let output = "";
  load.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  const done = new Promise((resolve) => load.on("close", resolve));
  await sleep(1000);
  try {
    await meanwhile();
  } finally {
    load.stdin.end();
  }
  await done;
  return JSON.parse(output) as { attempts: number; failures: number; window: number };
}

/** A Service of the page's pods with an address of an Eip. */
export const service = (
  name: string,
  eip: string | undefined,
  annotations: Readonly<Record<string, string>> = {},
  spec: object = {},
): string =>
  JSON.stringify({
    apiVersion: "v1",
    kind: "Service",
    metadata: {
      name,
      namespace: "demo",
      annotations: { ...(eip === undefined ? {} : { "eip.openelb.kubesphere.io/v1alpha2": eip }), ...annotations },
    },
    spec: { type: "LoadBalancer", selector: { app: "page" }, ports: [{ port: 80, targetPort: 8080 }], ...spec },
  });
/** An Eip that BGP announces. */
export const eip = (name: string, address: string, more: object = {}): string =>
  JSON.stringify({
    apiVersion: "network.kubesphere.io/v1alpha2",
    kind: "Eip",
    metadata: { name },
    spec: { address, protocol: "bgp", ...more },
  });
