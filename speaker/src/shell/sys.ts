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
  eventfd: call<[number, number]>("int eventfd(unsigned int initial, int flags)"),
  read: call<[number, Uint8Array, number]>("intptr_t read(int fd, void *buffer, size_t length)"),
  write: call<[number, Uint8Array, number]>("intptr_t write(int fd, const void *buffer, size_t length)"),
  ifNameToIndex: call<[string]>("unsigned int if_nametoindex(const char *name)"),
};

/** Numbers of <sys/socket.h>, <linux/if_packet.h>, <netinet/tcp.h> and kin. */
export const constants = {
  AF_INET: 2,
  AF_INET6: 10,
  AF_PACKET: 17,
  SOCK_STREAM: 1,
  SOCK_RAW: 3,
  SOCK_NONBLOCK: 0o4000,
  SOCK_CLOEXEC: 0o2000000,
  SOL_SOCKET: 1,
  SO_REUSEADDR: 2,
  SO_BINDTODEVICE: 25,
  SO_ATTACH_FILTER: 26,
  SOL_IP: 0,
  IP_TTL: 2,
  IP_MINTTL: 21,
  SOL_IPV6: 41,
  IPV6_UNICAST_HOPS: 16,
  IPV6_V6ONLY: 26,
  IPV6_MINHOPCOUNT: 73,
  SOL_TCP: 6,
  TCP_MAXSEG: 2,
  TCP_MD5SIG: 14,
  SOL_PACKET: 263,
  PACKET_ADD_MEMBERSHIP: 1,
  PACKET_MR_ALLMULTI: 2,
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

/** The number of an interface, or undefined when there is none of that name. */
export function interfaceIndex(name: string): number | undefined {
  return libc.ifNameToIndex(name) || undefined;
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
