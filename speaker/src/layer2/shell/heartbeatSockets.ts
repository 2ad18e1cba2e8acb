import { type Address, addressToBytes } from "../../net/address.ts";
import { attachFilter, bind, close, constants, receiveFrom, SysError, sendTo, setSocketOption, socket } from "../../shell/sys.ts";
import { decodeHeartbeat, encodeHeartbeat, type Heartbeat, heartbeatPort } from "../datagram.ts";
import { hopLimitFilter } from "../filter.ts";

const int = (value: number): Uint8Array => new Uint8Array(Int32Array.of(value).buffer);

/** The UDP sockets over which owners are asked where ARP does not reach them. */
export class HeartbeatSockets {
  readonly #sockets: { readonly family: 4 | 6; readonly fd: number }[] = [];
  readonly #buffer = new Uint8Array(128);

  /** Opens one socket for each family. @param onProblem gets a sentence for each that cannot be opened */
  constructor(onProblem: (text: string) => void) {
    for (const family of [4, 6] as const) {
      try {
        this.#sockets.push({ family, fd: open(family) });
      } catch (error) {
        if (!(error instanceof SysError)) throw error;
        onProblem(
          `UDP port ${heartbeatPort} for IPv${family} cannot be opened: ${error.message}; behind a switch that answers ARP for hosts failover needs it`,
        );
      }
    }
  }

  /** To be polled. */
  get fds(): readonly number[] {
    return this.#sockets.map(({ fd }) => fd);
  }

  /** Sends to a node. @throws SysError */
  send(to: Address, heartbeat: Heartbeat): void {
    const fd = this.#sockets.find(({ family }) => family === to.family)?.fd;
    if (fd !== undefined) sendTo(fd, encodeHeartbeat(heartbeat), socketAddress(to));
  }

  /** Takes what has come. @param answer gives what to send back, or undefined */
  drain(answer: (heartbeat: Heartbeat) => Heartbeat | undefined): void {
    for (const { fd } of this.#sockets) {
      for (let count = 0; count < 64; count++) {
        const received = receiveFrom(fd, this.#buffer);
        if (received === undefined) break;
        const heartbeat = decodeHeartbeat(this.#buffer.slice(0, received.length));
        const reply = heartbeat === undefined ? undefined : answer(heartbeat);
        if (reply !== undefined) sendTo(fd, encodeHeartbeat(reply), received.from);
      }
    }
  }

  close(): void {
    for (const { fd } of this.#sockets) close(fd);
  }
}

function open(family: 4 | 6): number {
  const fd = socket(family === 4 ? constants.AF_INET : constants.AF_INET6, constants.SOCK_DGRAM | constants.SOCK_NONBLOCK, 0);
  try {
    if (family === 6) setSocketOption(fd, constants.SOL_IPV6, constants.IPV6_V6ONLY, int(1));
    const [level, option] =
      family === 4 ? [constants.SOL_IP, constants.IP_TTL] : [constants.SOL_IPV6, constants.IPV6_UNICAST_HOPS];
    setSocketOption(fd, level, option, int(255));
    attachFilter(fd, hopLimitFilter(family));
    bind(fd, socketAddress({ family, value: 0n }));
    return fd;
  } catch (error) {
    close(fd);
    throw error;
  }
}

/** The struct sockaddr_in or sockaddr_in6 of an address at the heartbeat's port. */
function socketAddress(address: Address): Uint8Array {
  const octets = new Uint8Array(address.family === 4 ? 16 : 28);
  const view = new DataView(octets.buffer);
  view.setUint16(0, address.family === 4 ? constants.AF_INET : constants.AF_INET6, true);
  view.setUint16(2, heartbeatPort, false);
  octets.set(addressToBytes(address), address.family === 4 ? 4 : 8);
  return octets;
}
