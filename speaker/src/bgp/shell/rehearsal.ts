import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import type { Address } from "../../net/address.ts";
import type { Asn } from "../../net/asn.ts";
import { seconds } from "../../net/duration.ts";
import type { PeerConfig } from "../peerConfig.ts";
import { noPolicy } from "../policy/model.ts";
import { emptyTable } from "../routeTable.ts";
import { lineLogger } from "./lineLogger.ts";
import type { Orders } from "./protocol.ts";
import { Speaker } from "./speaker.ts";

/** What is rehearsed: so many times, so many sessions that come up at once. */
export interface Rehearsal {
  readonly rounds: number;
  readonly sessions: number;
}

/** A rehearsal ends after so many milliseconds, however far it is: where it cannot go as it should, nobody is to wait for it. */
const maxMilliseconds = 1000;

/** So long after the last session of a round came up, in milliseconds, all have sent their tables. */
const tablesMilliseconds = 2;

const nothing = (): void => undefined;

const listenAddress = "127.0.0.1";
const loopback = (host: number): Address => ({ family: 4, value: 0x7f_00_00_00n + BigInt(host) });
const [listenerAs, callerAs] = [65000 as Asn, 65001 as Asn];

/** A rehearsed session as one of its ends has it: what a BgpPeer makes that says nothing of it, field for field, for the engine tells objects apart by that. */
export function rehearsedPeer(number: number, port: number, isCaller: boolean): PeerConfig {
  const [listener, caller] = [loopback(1), loopback(0x01_00_01 + number)];
  return {
    name: String(number),
    description: "",
    address: isCaller ? listener : caller,
    interface: undefined,
    port,
    isPassive: !isCaller,
    localAddress: isCaller ? caller : undefined,
    bindDevice: undefined,
    ttl: 1,
    minimumTtl: undefined,
    tcpMss: undefined,
    password: undefined,
    session: {
      localAs: isCaller ? callerAs : listenerAs,
      peerAs: isCaller ? listenerAs : callerAs,
      bgpIdentifier: isCaller ? caller : listener,
      holdTime: 90,
      connectRetry: seconds(5),
      keepaliveInterval: undefined,
      role: undefined,
      families: ["ipv4/unicast"],
      addPathReceive: [],
      addPathSend: ["ipv4/unicast"],
      gracefulRestart: undefined,
    },
    isHeldDown: false,
    bfd: undefined,
    allowOwnAs: 0,
    outbound: {
      sendMax: { "ipv4/unicast": 10 },
      communities: { standard: true, extended: true, large: true },
      privateAs: "keep",
      replacesPeerAs: false,
      nextHops: "self",
    },
  };
}

/** Has one end of all rehearsed sessions. */
const newSpeaker = (): Speaker =>
  new Speaker({ drainMilliseconds: 0, logsDebug: false }, lineLogger(() => false, nothing).logger, nothing);
/** Orders as they come from the main thread: what the engine compiles goes by how objects came about. */
const orders = (listenPort: number, peers: readonly PeerConfig[]): Orders =>
  structuredClone({ listenPort, listenAddresses: [listenAddress], peers, policy: noPolicy, routes: emptyTable });

/** Looks in every turn of the event loop. @returns whether it came true in time */
async function until(end: number, holds: () => boolean): Promise<boolean> {
  while (!holds() && performance.now() < end) await nextTurn();
  return holds();
}

/** A port of the loopback that nobody has. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, listenAddress);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/**
 * Has two speakers of this thread bring sessions with each other up and down over the loopback, as routers do that connect all at once: the
 * engine has compiled what a session takes before the first router connects, and routers wait less than half as long.
 * @returns how many rounds went as they should
 */
export async function rehearse({ rounds, sessions }: Rehearsal): Promise<number> {
  const port = await freePort();
  const [listener, caller] = [newSpeaker(), newSpeaker()];
  const peers = (isCaller: boolean): readonly PeerConfig[] =>
    Array.from({ length: sessions }, (_, number) => rehearsedPeer(number, port, isCaller));
  listener.apply(orders(port, peers(false)));
  const end = performance.now() + maxMilliseconds;
  let done = 0;
  for (; done < rounds; done++) {
    caller.apply(orders(-1, peers(true)));
    if (!(await until(end, () => listener.established === sessions && caller.established === sessions))) break;
    await sleep(tablesMilliseconds);
    caller.apply(orders(-1, []));
    if (!(await until(end, () => listener.established === 0))) break;
  }
  void caller.close();
  void listener.close();
  return done;
}
