import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { get } from "node:http";
import { networkInterfaces } from "node:os";
import { type HostFacts, type HostLink, listenersIn } from "../hostFacts.ts";

/** The machine is looked at this often: what is looked at is changed by people, not by traffic. */
const lookMilliseconds = 10_000;
/** Where kube-proxy says how it works, unless it was told otherwise. */
const proxyModeUrl = "http://127.0.0.1:10249/proxyMode";
/** No more interfaces than these are told of. */
const mostLinks = 32;

/** Looks at the machine again and again. @returns the last that was seen, and what ends it */
export function watchHost(onChange: () => void): { facts(): HostFacts | undefined; close(): void } {
  let facts: HostFacts | undefined;
  const look = async (): Promise<void> => {
    const next = await readHost(facts?.kubeProxyMode ?? "");
    const isNews = JSON.stringify(next) !== JSON.stringify(facts);
    facts = next;
    if (isNews) onChange();
  };
  void look();
  const timer = setInterval(() => void look(), lookMilliseconds);
  timer.unref();
  return { facts: () => facts, close: () => clearInterval(timer) };
}

async function readHost(lastMode: string): Promise<HostFacts> {
  const interfaces = networkInterfaces();
  const links = Object.entries(interfaces)
    .flatMap(([name, addresses = []]): HostLink[] => {
      const real = addresses.filter(({ internal, address }) => !internal && !address.startsWith("fe80:"));
      if (real.length === 0 || name === "kube-ipvs0") return [];
      return [
        {
          name,
          mtu: numberIn(`/sys/class/net/${name}/mtu`),
          rpFilter: Math.max(
            numberIn("/proc/sys/net/ipv4/conf/all/rp_filter"),
            numberIn(`/proc/sys/net/ipv4/conf/${name}/rp_filter`),
          ),
          addresses: real.flatMap(({ cidr }) => cidr ?? []).sort(),
        },
      ];
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .slice(0, mostLinks);
  const table = (name: string) => textOf(`/proc/net/${name}`);
  return {
    kubeProxyMode: await proxyMode(lastMode),
    hasIpvsInterface: textOf("/sys/class/net/kube-ipvs0/mtu") !== "",
    arpIgnore: numberIn("/proc/sys/net/ipv4/conf/all/arp_ignore"),
    forwardsIpv4: numberIn("/proc/sys/net/ipv4/ip_forward") === 1,
    forwardsIpv6: numberIn("/proc/sys/net/ipv6/conf/all/forwarding") === 1,
    links,
    listeners: listenersIn(
      [
        ["tcp", table("tcp")],
        ["tcp", table("tcp6")],
        ["udp", table("udp")],
        ["udp", table("udp6")],
      ],
      ownSockets(),
    ),
  };
}

/** The inodes of this process's sockets. */
function ownSockets(): Set<string> {
  const inodes = readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${fd}`))?.[1] ?? [];
    } catch {
      // It was closed in between.
      return [];
    }
  });
  return new Set(inodes);
}

/** How kube-proxy says that it works. One that is too busy to answer in time works as it did: a note that flaps is work for every node. */
function proxyMode(last: string): Promise<string> {
  return new Promise((resolve) => {
    const asking = get(proxyModeUrl, { timeout: 1000 }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text = (text + chunk).slice(0, 100);
      });
      response.on("end", () => resolve(response.statusCode === 200 ? text.trim() : ""));
      response.on("error", () => resolve(""));
    });
    asking.on("timeout", () => {
      resolve(last);
      asking.destroy();
    });
    asking.on("error", () => resolve(""));
  });
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

function numberIn(file: string): number {
  return Number(textOf(file).trim()) || 0;
}
