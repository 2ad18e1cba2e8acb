import { Socket } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Asn } from "../../net/asn.ts";
import { seconds } from "../../net/duration.ts";
import type { Logger } from "../../ports/logger.ts";
import { socketPair } from "../../shell/sys.ts";
import { fullAllowance } from "../admission.ts";
import { encodeMessage } from "../encode.ts";
import { openOf } from "../open.ts";
import type { PeerConfig } from "../peerConfig.ts";
import type { SessionConfig } from "../session.ts";
import { SharedUpdates } from "../sharedUpdates.ts";
import { Peer, type PeerWorld } from "./peer.ts";

const session: SessionConfig = {
  localAs: 65000 as Asn,
  peerAs: 65001 as Asn,
  bgpIdentifier: { family: 4, value: 1n },
  holdTime: 90,
  connectRetry: seconds(5),
  families: ["ipv4/unicast", "ipv6/unicast"],
  gracefulRestart: undefined,
  addPathReceive: [],
  addPathSend: [],
  keepaliveInterval: undefined,
  role: undefined,
};
const config: PeerConfig = {
  name: "",
  description: "",
  address: { family: 4, value: 1n },
  interface: undefined,
  port: 179,
  isPassive: true,
  localAddress: undefined,
  bindDevice: undefined,
  ttl: undefined,
  minimumTtl: undefined,
  tcpMss: undefined,
  password: undefined,
  session,
  isHeldDown: false,
  bfd: undefined,
  allowOwnAs: 0,
  outbound: {
    sendMax: {},
    communities: { standard: true, extended: true, large: true },
    privateAs: "keep",
    replacesPeerAs: false,
    nextHops: "self",
  },
};
const nothing = (): void => undefined;
const silent: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing, isLevelEnabled: () => false };

/** The other end of a rehearsed session. */
const router = { ...session, localAs: 65001 as Asn, peerAs: 65000 as Asn, bgpIdentifier: { family: 4, value: 2n } } as const;
const itsOpen = encodeMessage(openOf(router, false));
const itsKeepalive = encodeMessage({ type: "keepalive" });

/** So many turns of the event loop one session may take: a rehearsal that does not go as it should must not keep anybody waiting. */
const maxTurns = 1000;

/**
 * Brings sessions up and down, one after the other, over sockets that are connected to each other alone: the engine has compiled what a
 * session takes before the first router connects, and routers that connect all at once wait half as long. Nobody sees any of it.
 * @param count how many sessions
 */
export async function rehearse(count: number): Promise<void> {
  const world: PeerWorld = {
    logger: silent,
    updates: new SharedUpdates(),
    onChange: nothing,
    later: (act) => act(),
    recorder: undefined,
    neighbour: () => undefined,
    allowance: fullAllowance,
    pause: 0,
  };
  for (let done = 0; done < count; done++) {
    const peer = new Peer(config, world);
    const [ours, theirs] = socketPair().map((fd) => new Socket({ fd, readable: true, writable: true }).on("error", nothing));
    if (ours === undefined || theirs === undefined) return;
    theirs.resume();
    theirs.write(itsOpen);
    peer.accept(ours, 0);
    theirs.once("data", () => theirs.write(itsKeepalive));
    for (let turns = 0; !peer.isEstablished && turns < maxTurns; turns++) await nextTurn();
    peer.facts();
    peer.close(2, "", false);
    ours.destroy();
    theirs.destroy();
  }
}
