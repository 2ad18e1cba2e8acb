import koffi from "koffi";

/**
 * The few calls of the C library that Node does not offer. The only importer of koffi; synchronous calls only.
 * Layouts are those of 64-bit little-endian Linux; anything else is refused when this module is loaded.
 */
if (process.platform !== "linux" || !["x64", "arm64"].includes(process.arch))
  throw new Error(`Berth's sockets need Linux on x64 or arm64, not ${process.platform} on ${process.arch}`);

const library = koffi.load(null);
const call = <Args extends unknown[]>(prototype: string) => library.func(prototype) as unknown as (...args: Args) => number;

const libc = {
  socket: call<[number, number, number]>("int socket(int domain, int type, int protocol)"),
  setsockopt: call<[number, number, number, Uint8Array, number]>(
    "int setsockopt(int fd, int level, int name, const void *value, uint32_t length)",
  ),
  bind: call<[number, Uint8Array, number]>("int bind(int fd, const void *address, uint32_t length)"),
  close: call<[number]>("int close(int fd)"),
  poll: call<[Uint8Array, number, number]>("int poll(void *fds, unsigned long count, int timeout)"),
  recv: call<[number, Uint8Array, number, number]>("intptr_t recv(int fd, void *buffer, size_t length, int flags)"),
  send: call<[number, Uint8Array, number, number]>("intptr_t send(int fd, const void *buffer, size_t length, int flags)"),
  sendto: call<[number, Uint8Array, number, number, Uint8Array, number]>(
    "intptr_t sendto(int fd, const void *buffer, size_t length, int flags, const void *address, uint32_t addressLength)",
  ),
  recvfrom: call<[number, Uint8Array, number, number, Uint8Array, Uint8Array]>(
    "intptr_t recvfrom(int fd, void *buffer, size_t length, int flags, void *address, void *addressLength)",
  ),
  eventfd: call<[number, number]>("int eventfd(unsigned int initial, int flags)"),
  read: call<[number, Uint8Array, number]>("intptr_t read(int fd, void *buffer, size_t length)"),
  write: call<[number, Uint8Array, number]>("intptr_t write(int fd, const void *buffer, size_t length)"),
  ifNameToIndex: call<[string]>("unsigned int if_nametoindex(const char *name)"),
  recvmmsg: call<[number, Uint8Array, number, number, null]>(
    "int recvmmsg(int fd, void *messages, unsigned int count, int flags, void *timeout)",
  ),
  recvmsg: call<[number, Uint8Array, number]>("intptr_t recvmsg(int fd, void *message, int flags)"),
  sendmmsg: call<[number, Uint8Array, number, number]>("int sendmmsg(int fd, void *messages, unsigned int count, int flags)"),
  syscall: call<[number, number, Uint8Array, number]>("long syscall(long number, long pid, const void *attributes, long flags)"),
  getsockopt: call<[number, number, number, Uint8Array, Uint8Array]>(
    "int getsockopt(int fd, int level, int name, void *value, void *length)",
  ),
};

/** Only glibc has it. */
const mallocTrim: ((pad: number) => number) | undefined = (() => {
  try {
    return call<[number]>("int malloc_trim(size_t pad)");
  } catch {
    return undefined;
  }
})();

/** Numbers of <sys/socket.h>, <linux/if_packet.h>, <netinet/tcp.h> and kin. */
export const constants = {
  AF_INET: 2,
  AF_INET6: 10,
  AF_NETLINK: 16,
  AF_PACKET: 17,
  SOCK_STREAM: 1,
  SOCK_DGRAM: 2,
  SOCK_RAW: 3,
  SOCK_NONBLOCK: 0o4000,
  SOCK_CLOEXEC: 0o2000000,
  SOL_SOCKET: 1,
  SO_REUSEADDR: 2,
  SO_KEEPALIVE: 9,
  SO_RCVBUF: 8,
  SO_BINDTODEVICE: 25,
  SO_RCVBUFFORCE: 33,
  SO_ATTACH_FILTER: 26,
  SOL_IP: 0,
  IP_TTL: 2,
  IP_PKTINFO: 8,
  IP_RECVTTL: 12,
  IP_MINTTL: 21,
  SOL_IPV6: 41,
  IPV6_UNICAST_HOPS: 16,
  IPV6_JOIN_GROUP: 20,
  IPV6_LEAVE_GROUP: 21,
  IPV6_V6ONLY: 26,
  IPV6_RECVPKTINFO: 49,
  IPV6_PKTINFO: 50,
  IPV6_RECVHOPLIMIT: 51,
  IPV6_HOPLIMIT: 52,
  IPV6_MINHOPCOUNT: 73,
  SOL_TCP: 6,
  TCP_NODELAY: 1,
  TCP_MAXSEG: 2,
  TCP_MD5SIG: 14,
  SOL_PACKET: 263,
  PACKET_ADD_MEMBERSHIP: 1,
  PACKET_STATISTICS: 6,
  PACKET_MR_ALLMULTI: 2,
  SOL_NETLINK: 270,
  NETLINK_ADD_MEMBERSHIP: 1,
  MSG_DONTWAIT: 0x40,
  POLLIN: 1,
  ETH_P_ARP: 0x0806,
  ETH_P_IPV6: 0x86dd,
} as const;

const EAGAIN = 11;
const EINTR = 4;

/** A failed system call. `errno` is the C library's number. */
export class SysError extends Error {
  readonly code = "SYSTEM_CALL_FAILED";
  readonly errno: number;

  constructor(name: string, errno: number) {
    super(`${name} failed: ${errorNames[errno] ?? `errno ${errno}`}`);
    this.errno = errno;
  }
}

const errorNames: Readonly<Record<number, string>> = {
  1: "EPERM: the capability NET_RAW or NET_ADMIN is missing",
  2: "ENOENT",
  6: "ENXIO",
  12: "ENOMEM",
  13: "EACCES",
  19: "ENODEV: no such interface",
  22: "EINVAL",
  92: "ENOPROTOOPT: this kernel does not know the option",
  97: "EAFNOSUPPORT",
  98: "EADDRINUSE: somebody else has the port",
  99: "EADDRNOTAVAIL: this machine has no such address",
  100: "ENETDOWN",
  105: "ENOBUFS",
};

function check(result: number, name: string): number {
  if (result < 0) throw new SysError(name, koffi.errno());
  return result;
}

/** Opens a socket. @throws SysError */
export function socket(domain: number, type: number, protocol: number): number {
  return check(libc.socket(domain, type | constants.SOCK_CLOEXEC, protocol), "socket");
}

/** Sets a socket option. @throws SysError */
export function setSocketOption(fd: number, level: number, name: number, value: Uint8Array): void {
  check(libc.setsockopt(fd, level, name, value, value.length), "setsockopt");
}

/** Binds a socket to a sockaddr in its own layout. @throws SysError */
export function bind(fd: number, address: Uint8Array): void {
  check(libc.bind(fd, address, address.length), "bind");
}

/** Closes a descriptor; one that is closed already is no matter. */
export function close(fd: number): void {
  libc.close(fd);
}

/** Waits until one of the descriptors can be read, or so many milliseconds; -1 waits for ever. @returns which can be read */
export function pollReadable(fds: readonly number[], timeout: number): boolean[] {
  const entries = new Int32Array(fds.length * 2);
  const halves = new Int16Array(entries.buffer);
  for (const [index, fd] of fds.entries()) {
    entries[index * 2] = fd;
    halves[index * 4 + 2] = constants.POLLIN;
  }
  const result = libc.poll(new Uint8Array(entries.buffer), fds.length, timeout);
  if (result < 0 && koffi.errno() !== EINTR) throw new SysError("poll", koffi.errno());
  return fds.map((_, index) => result > 0 && halves[index * 4 + 3] !== 0);
}

/** Receives one frame or datagram without waiting. @returns its length, or undefined when there is none @throws SysError */
export function receive(fd: number, buffer: Uint8Array): number | undefined {
  const length = libc.recv(fd, buffer, buffer.length, constants.MSG_DONTWAIT);
  if (length >= 0) return length;
  const errno = koffi.errno();
  if (errno === EAGAIN || errno === EINTR) return undefined;
  throw new SysError("recv", errno);
}

/** Sends one frame. @throws SysError */
export function send(fd: number, frame: Uint8Array): void {
  check(libc.send(fd, frame, frame.length, constants.MSG_DONTWAIT), "send");
}

/** Sends one datagram to a sockaddr in its own layout. @throws SysError */
export function sendTo(fd: number, datagram: Uint8Array, address: Uint8Array): void {
  check(libc.sendto(fd, datagram, datagram.length, constants.MSG_DONTWAIT, address, address.length), "sendto");
}

/** Receives one datagram without waiting. @returns its length and its sender's sockaddr, or undefined when there is none @throws SysError */
export function receiveFrom(fd: number, buffer: Uint8Array): { readonly length: number; readonly from: Uint8Array } | undefined {
  const from = new Uint8Array(28);
  const size = Uint32Array.of(from.length);
  const length = libc.recvfrom(fd, buffer, buffer.length, constants.MSG_DONTWAIT, from, new Uint8Array(size.buffer));
  if (length >= 0) return { length, from: from.subarray(0, size[0]) };
  const errno = koffi.errno();
  if (errno === EAGAIN || errno === EINTR) return undefined;
  throw new SysError("recvfrom", errno);
}

/** Opens a counter that another thread raises to end a poll. @throws SysError */
export function openWakeup(): number {
  return check(libc.eventfd(0, constants.SOCK_NONBLOCK | constants.SOCK_CLOEXEC), "eventfd");
}

/** Ends the poll of whoever polls this counter. */
export function wake(fd: number): void {
  libc.write(fd, new Uint8Array(new BigUint64Array([1n]).buffer), 8);
}

/** Sets the counter back to nothing. */
export function clearWakeup(fd: number): void {
  libc.read(fd, new Uint8Array(8), 8);
}

/** Numbers of sched_setattr(2), which the C library of Debian 12 does not wrap. */
const schedSetattr = { x64: 314, arm64: 274 }[process.arch as "x64" | "arm64"];
const shortestSlice = 100_000n;

/**
 * Asks the kernel to run this thread in short turns, and so soon after it wakes, before those that want long ones. It gets no more of the processor
 * for that, and needs no privilege; kernels before 6.12 take no notice.
 * @see sched_setattr(2); Linux 6.12, kernel/sched/fair.c: sched_runtime of SCHED_OTHER is the length of a turn, 0.1 to 100 ms
 */
export function runInShortTurns(): void {
  const attributes = new DataView(new ArrayBuffer(48));
  attributes.setUint32(0, attributes.byteLength, true);
  attributes.setBigUint64(24, shortestSlice, true);
  // Whether it was granted is no matter: nothing depends on it but the time that others take.
  libc.syscall(schedSetattr, 0, new Uint8Array(attributes.buffer), 0);
}

/** Gives memory that was freed back to the kernel; the C library keeps it otherwise, for all threads. */
export function trimMemory(): void {
  mallocTrim?.(0);
}

/** The number of an interface, or undefined when there is none of that name. */
export function interfaceIndex(name: string): number | undefined {
  return libc.ifNameToIndex(name) || undefined;
}

/** Reads a socket option into `value`. @throws SysError */
export function getSocketOption(fd: number, level: number, name: number, value: Uint8Array): void {
  check(libc.getsockopt(fd, level, name, value, new Uint8Array(Uint32Array.of(value.length).buffer)), "getsockopt");
}

/** Octets of one struct mmsghdr and one struct iovec. */
const messageLength = 64;
const vectorLength = 16;

/** Memory for many frames that one system call receives or sends. Nothing is allocated for a frame. */
export class Batch {
  readonly size: number;
  readonly #slot: number;
  readonly #data: Uint8Array;
  readonly #vectors: DataView;
  readonly #messages: DataView;
  readonly #messageBytes: Uint8Array;
  readonly #slots: Uint8Array[];

  /** @param size how many frames @param slot the most octets of one; longer ones are cut off */
  constructor(size: number, slot: number) {
    this.size = size;
    this.#slot = slot;
    this.#data = new Uint8Array(size * slot);
    const vectors = new Uint8Array(size * vectorLength);
    this.#messageBytes = new Uint8Array(size * messageLength);
    this.#vectors = new DataView(vectors.buffer);
    this.#messages = new DataView(this.#messageBytes.buffer);
    this.#slots = Array.from({ length: size }, (_, index) => this.#data.subarray(index * slot, (index + 1) * slot));
    const data = koffi.address(this.#data) as bigint;
    const vector = koffi.address(vectors) as bigint;
    for (let index = 0; index < size; index++) {
      this.#vectors.setBigUint64(index * vectorLength, data + BigInt(index * slot), true);
      this.#messages.setBigUint64(index * messageLength + 16, vector + BigInt(index * vectorLength), true);
      this.#messages.setBigUint64(index * messageLength + 24, 1n, true);
    }
  }

  /** The memory of a frame, whole. */
  slot(index: number): Uint8Array {
    return this.#slots[index] ?? new Uint8Array(0);
  }

  /** Receives what there is, without waiting. @returns how many frames, 0 for none @throws SysError */
  receive(fd: number): number {
    for (let index = 0; index < this.size; index++)
      this.#vectors.setBigUint64(index * vectorLength + 8, BigInt(this.#slot), true);
    const count = libc.recvmmsg(fd, this.#messageBytes, this.size, constants.MSG_DONTWAIT, null);
    if (count >= 0) return count;
    const errno = koffi.errno();
    if (errno === EAGAIN || errno === EINTR) return 0;
    throw new SysError("recvmmsg", errno);
  }

  /** The octets of a received frame. */
  length(index: number): number {
    return Math.min(this.#messages.getUint32(index * messageLength + 56, true), this.#slot);
  }

  /** Sends the first `count` frames, each of `length` octets. @returns how many went @throws SysError when none did */
  send(fd: number, count: number, length: number): number {
    for (let index = 0; index < count; index++) this.#vectors.setBigUint64(index * vectorLength + 8, BigInt(length), true);
    return check(libc.sendmmsg(fd, this.#messageBytes, count, constants.MSG_DONTWAIT), "sendmmsg");
  }
}

/** A datagram with what the kernel knows of it. */
export interface Datagram {
  /** A view of memory that the next datagram is read into. */
  readonly octets: Uint8Array;
  /** The sender's sockaddr. */
  readonly from: Uint8Array;
  /** The TTL or hop limit that it came with. */
  readonly ttl: number;
  /** The interface that it came in on. */
  readonly interfaceIndex: number;
}

/** Reads datagrams with their TTL and interface. The sockets must have been prepared. */
export class DatagramReader {
  readonly #memory = new Uint8Array(4096);
  readonly #message = this.#memory.subarray(0, 56);
  readonly #view = new DataView(this.#memory.buffer);

  /** Asks for the TTL and the interface of what comes in on a socket. @throws SysError */
  static prepare(fd: number, family: 4 | 6): void {
    const on = Uint8Array.of(1, 0, 0, 0);
    const level = family === 4 ? constants.SOL_IP : constants.SOL_IPV6;
    setSocketOption(fd, level, family === 4 ? constants.IP_RECVTTL : constants.IPV6_RECVHOPLIMIT, on);
    setSocketOption(fd, level, family === 4 ? constants.IP_PKTINFO : constants.IPV6_RECVPKTINFO, on);
  }

  /** The next datagram, without waiting; undefined when there is none. @throws SysError */
  read(fd: number): Datagram | undefined {
    // One struct msghdr, one struct iovec, and the memory that they point to: address, data, ancillary data.
    const base = koffi.address(this.#memory) as bigint;
    const [vector, address, data, control] = [64, 128, 256, 2048];
    const pointers: readonly (readonly [at: number, value: bigint])[] = [
      [0, base + BigInt(address)],
      [8, 28n],
      [16, base + BigInt(vector)],
      [24, 1n],
      [32, base + BigInt(control)],
      [40, 512n],
      [vector, base + BigInt(data)],
      [vector + 8, 1500n],
    ];
    for (const [at, value] of pointers) this.#view.setBigUint64(at, value, true);
    const length = libc.recvmsg(fd, this.#message, constants.MSG_DONTWAIT);
    if (length < 0) {
      const errno = koffi.errno();
      if (errno === EAGAIN || errno === EINTR) return undefined;
      throw new SysError("recvmsg", errno);
    }
    const from = this.#memory.slice(address, address + this.#view.getUint32(8, true));
    const octets = this.#memory.subarray(data, data + length);
    return { octets, from, ...this.#ancillary(control, Number(this.#view.getBigUint64(40, true))) };
  }

  /** struct cmsghdr: length, level, type, then the value; each begins at a multiple of eight. */
  #ancillary(control: number, length: number): Pick<Datagram, "ttl" | "interfaceIndex"> {
    let [ttl, index] = [0, 0];
    for (let at = control; at + 16 <= control + length; ) {
      const size = Number(this.#view.getBigUint64(at, true));
      if (size < 16) break;
      const [level, type] = [this.#view.getInt32(at + 8, true), this.#view.getInt32(at + 12, true)];
      if (level === constants.SOL_IP && type === constants.IP_TTL) ttl = this.#view.getInt32(at + 16, true);
      if (level === constants.SOL_IPV6 && type === constants.IPV6_HOPLIMIT) ttl = this.#view.getInt32(at + 16, true);
      if (level === constants.SOL_IP && type === constants.IP_PKTINFO) index = this.#view.getInt32(at + 16, true);
      if (level === constants.SOL_IPV6 && type === constants.IPV6_PKTINFO) index = this.#view.getInt32(at + 32, true);
      at += (size + 7) & ~7;
    }
    return { ttl, interfaceIndex: index };
  }
}

/** Attaches a classic BPF program: the kernel drops what it returns 0 for. @param program 8 octets an instruction @throws SysError */
export function attachFilter(
  fd: number,
  program: readonly (readonly [code: number, jumpTrue: number, jumpFalse: number, k: number])[],
): void {
  const code = new Uint8Array(program.length * 8);
  const view = new DataView(code.buffer);
  for (const [index, [operation, jumpTrue, jumpFalse, k]] of program.entries()) {
    view.setUint16(index * 8, operation, true);
    view.setUint8(index * 8 + 2, jumpTrue);
    view.setUint8(index * 8 + 3, jumpFalse);
    view.setUint32(index * 8 + 4, k, true);
  }
  const header = new Uint8Array(16);
  const headerView = new DataView(header.buffer);
  headerView.setUint16(0, program.length, true);
  headerView.setBigUint64(8, koffi.address(code) as bigint, true);
  setSocketOption(fd, constants.SOL_SOCKET, constants.SO_ATTACH_FILTER, header);
}
