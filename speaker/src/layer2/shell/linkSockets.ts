import { type Address, addressToBytes, formatAddress } from "../../net/address.ts";
import {
  attachFilter,
  bind,
  close,
  constants,
  getSocketOption,
  SysError,
  send,
  setSocketOption,
  socket,
} from "../../shell/sys.ts";
import { arpFilter, ndpFilter } from "../filter.ts";
import { solicitedNode } from "../frame.ts";
import type { LinkView } from "../links.ts";
import { QuickAnswers } from "../quick.ts";

/** What the kernel keeps of frames that have not been read yet, in octets. */
const receiveBuffer = 4 << 20;

/** The packet sockets of one interface, and the multicast groups of the addresses on it. */
export class LinkSockets {
  readonly arp: number;
  readonly ndp: number;
  readonly index: number;
  readonly quick: QuickAnswers;
  #link: LinkView;
  /** Groups as text, whether joined yet, by which socket. */
  readonly #groups = new Map<string, { readonly group: Address; socket: number | undefined }>();
  #groupSockets: number[] = [];
  #hearsAll = false;

  /** @throws SysError when the kernel refuses, such as for an interface that has just gone */
  constructor(link: LinkView) {
    this.#link = link;
    this.index = link.index;
    this.quick = new QuickAnswers(link.mac);
    this.arp = packetSocket(link.index, constants.ETH_P_ARP);
    try {
      this.ndp = packetSocket(link.index, constants.ETH_P_IPV6);
    } catch (error) {
      close(this.arp);
      throw error;
    }
  }

  get link(): LinkView {
    return this.#link;
  }

  set link(link: LinkView) {
    this.#link = link;
    this.quick.mac = link.mac;
  }

  /** Only frames about these addresses come through from here on; the rest is dropped in the kernel. @throws SysError */
  hold(addresses: readonly Address[]): void {
    attachFilter(this.arp, arpFilter(this.index, addresses));
    attachFilter(this.ndp, ndpFilter(this.index, addresses));
    const wanted = new Map(
      addresses
        .filter(({ family }) => family === 6)
        .map((address) => [formatAddress(solicitedNode(address)), solicitedNode(address)]),
    );
    for (const [text, entry] of this.#groups) {
      if (wanted.has(text)) continue;
      if (entry.socket !== undefined) membership(entry.socket, constants.IPV6_LEAVE_GROUP, entry.group, this.index);
      this.#groups.delete(text);
    }
    for (const [text, group] of wanted) if (!this.#groups.has(text)) this.#groups.set(text, { group, socket: undefined });
  }

  /** Whether groups are still to be joined. */
  get isJoining(): boolean {
    for (const { socket: joined } of this.#groups.values()) if (joined === undefined) return true;
    return false;
  }

  /** Joins at most so many of the groups that are still to be joined. @returns what went wrong, as a sentence */
  join(limit: number): string | undefined {
    let left = limit;
    for (const entry of this.#groups.values()) {
      if (entry.socket !== undefined) continue;
      if (left-- === 0) return undefined;
      entry.socket = this.#joined(entry.group);
      if (entry.socket !== undefined) continue;
      entry.socket = -1;
      if (this.#hearsAll) continue;
      this.#hearsAll = true;
      hearAllMulticast(this.ndp, this.index);
      return `cannot join ${formatAddress(entry.group)} on ${this.#link.name}; the interface hears all multicast instead, and switches that watch MLD may not send it any`;
    }
    return undefined;
  }

  /** The socket that joined: a new one when the last is full. */
  #joined(group: Address): number | undefined {
    const last = this.#groupSockets.at(-1);
    if (last !== undefined && membership(last, constants.IPV6_JOIN_GROUP, group, this.index)) return last;
    const fresh = socket(constants.AF_INET6, constants.SOCK_DGRAM, 0);
    if (membership(fresh, constants.IPV6_JOIN_GROUP, group, this.index)) {
      this.#groupSockets.push(fresh);
      return fresh;
    }
    close(fresh);
    return undefined;
  }

  /** Sends one frame. @throws SysError */
  send(frame: Uint8Array, family: 4 | 6): void {
    send(family === 4 ? this.arp : this.ndp, frame);
  }

  /** Frames that were lost since this was last asked, because nobody read them in time. */
  takeOverruns(): number {
    let lost = 0;
    for (const fd of [this.arp, this.ndp]) {
      const statistics = new Uint8Array(8);
      try {
        getSocketOption(fd, constants.SOL_PACKET, constants.PACKET_STATISTICS, statistics);
        lost += new DataView(statistics.buffer).getUint32(4, true);
      } catch (error) {
        if (!(error instanceof SysError)) throw error;
      }
    }
    return lost;
  }

  close(): void {
    for (const fd of [this.arp, this.ndp, ...this.#groupSockets]) close(fd);
    this.#groupSockets = [];
    this.#groups.clear();
  }
}

/** A packet socket on one interface. Its filter passes nothing until `hold` says what is wanted. @throws SysError */
function packetSocket(index: number, protocol: number): number {
  const fd = socket(constants.AF_PACKET, constants.SOCK_RAW | constants.SOCK_NONBLOCK, 0);
  try {
    attachFilter(fd, protocol === constants.ETH_P_ARP ? arpFilter(index, []) : ndpFilter(index, []));
    growBuffer(fd);
    const address = new Uint8Array(20);
    const view = new DataView(address.buffer);
    view.setUint16(0, constants.AF_PACKET, true);
    view.setUint16(2, protocol, false);
    view.setInt32(4, index, true);
    bind(fd, address);
    return fd;
  } catch (error) {
    close(fd);
    throw error;
  }
}

function growBuffer(fd: number): void {
  const size = new Uint8Array(Int32Array.of(receiveBuffer).buffer);
  try {
    setSocketOption(fd, constants.SOL_SOCKET, constants.SO_RCVBUFFORCE, size);
  } catch (error) {
    // Without NET_ADMIN the system's own limit holds.
    if (!(error instanceof SysError)) throw error;
    setSocketOption(fd, constants.SOL_SOCKET, constants.SO_RCVBUF, size);
  }
}

/** Joins or leaves a group. @returns whether the kernel did it */
function membership(fd: number, option: number, group: Address, index: number): boolean {
  const request = new Uint8Array(20);
  request.set(addressToBytes(group));
  new DataView(request.buffer).setInt32(16, index, true);
  try {
    setSocketOption(fd, constants.SOL_IPV6, option, request);
    return true;
  } catch (error) {
    if (error instanceof SysError) return false;
    throw error;
  }
}

function hearAllMulticast(fd: number, index: number): void {
  const request = new Uint8Array(16);
  const view = new DataView(request.buffer);
  view.setInt32(0, index, true);
  view.setUint16(4, constants.PACKET_MR_ALLMULTI, true);
  setSocketOption(fd, constants.SOL_PACKET, constants.PACKET_ADD_MEMBERSHIP, request);
}
