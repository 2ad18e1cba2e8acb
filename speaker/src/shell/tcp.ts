import { Socket } from "node:net";
import { type Address, addressToBytes, formatAddress, isLinkLocal } from "../net/address.ts";
import { bind, close, constants, interfaceIndex, setSocketOption, socket } from "./sys.ts";

/** Options of a connection that Node has no words for. Undefined leaves each to the kernel. */
export interface TcpOptions {
  /** The TTL or hop limit of our packets. */
  readonly ttl: number | undefined;
  /** Packets with a lower TTL are dropped by the kernel. @see RFC 5082 §3 */
  readonly minimumTtl: number | undefined;
  /** The largest segment that is sent. */
  readonly maxSegment: number | undefined;
  /** The interface or VRF that packets go through. */
  readonly device: string | undefined;
}

/** What a connection is made with. */
export interface DialOptions extends TcpOptions {
  readonly address: Address;
  /** The interface of a link-local address. */
  readonly zone: string | undefined;
  readonly port: number;
  /** The address to come from; undefined leaves it to the kernel. */
  readonly localAddress: Address | undefined;
  /** The TCP-MD5 password. A wrong one shows as a time-out, never as a refusal. @see RFC 2385 §4 */
  readonly password: string | undefined;
}

const number = (value: number): Uint8Array => new Uint8Array(new Int32Array([value]).buffer);
const withZone = (address: Address, zone: string | undefined): string =>
  `${formatAddress(address)}${zone !== undefined && isLinkLocal(address) ? `%${zone}` : ""}`;

function openSocket(family: 4 | 6): number {
  const domain = family === 4 ? constants.AF_INET : constants.AF_INET6;
  return socket(domain, constants.SOCK_STREAM | constants.SOCK_NONBLOCK, 0);
}

/** Sets options on a socket of a family. @throws SysError when the kernel does not take one */
export function setTcpOptions(fd: number, family: 4 | 6, { ttl, minimumTtl, maxSegment, device }: TcpOptions): void {
  const level = family === 4 ? constants.SOL_IP : constants.SOL_IPV6;
  if (ttl !== undefined) setSocketOption(fd, level, family === 4 ? constants.IP_TTL : constants.IPV6_UNICAST_HOPS, number(ttl));
  if (minimumTtl !== undefined)
    setSocketOption(fd, level, family === 4 ? constants.IP_MINTTL : constants.IPV6_MINHOPCOUNT, number(minimumTtl));
  if (maxSegment !== undefined) setSocketOption(fd, constants.SOL_TCP, constants.TCP_MAXSEG, number(maxSegment));
  if (device !== undefined)
    setSocketOption(fd, constants.SOL_SOCKET, constants.SO_BINDTODEVICE, new TextEncoder().encode(`${device}\0`));
}

/**
 * Begins to connect, with the options set before the first packet goes out.
 * @throws SysError when the kernel does not take an option
 */
export function dial(options: DialOptions): Socket {
  const { address, zone, port, localAddress, password } = options;
  const fd = openSocket(address.family);
  try {
    setTcpOptions(fd, address.family, options);
    if (password !== undefined) setSignature(fd, address, password);
    const target = {
      host: withZone(address, zone),
      port,
      ...(localAddress === undefined ? {} : { localAddress: withZone(localAddress, zone) }),
    };
    return new Socket({ fd, readable: true, writable: true }).connect(target).setNoDelay(true).setKeepAlive(true);
  } catch (error) {
    close(fd);
    throw error;
  }
}

/**
 * A socket that is bound to a port and not listened on yet: for `Server.listen({ fd })`, which owns it from then on.
 * IPv6 alone, where the address is of IPv6.
 * @throws SysError when the address cannot be had
 */
export function bindPort(address: Address, zone: string | undefined, port: number): number {
  const fd = openSocket(address.family);
  try {
    setSocketOption(fd, constants.SOL_SOCKET, constants.SO_REUSEADDR, number(1));
    // The kernel hands these on to every connection that is accepted.
    setSocketOption(fd, constants.SOL_SOCKET, constants.SO_KEEPALIVE, number(1));
    setSocketOption(fd, constants.SOL_TCP, constants.TCP_NODELAY, number(1));
    if (address.family === 6) setSocketOption(fd, constants.SOL_IPV6, constants.IPV6_V6ONLY, number(1));
    bind(fd, socketAddress(address, zone, port));
    return fd;
  } catch (error) {
    close(fd);
    throw error;
  }
}

/** `struct sockaddr_in` or `sockaddr_in6`. */
function socketAddress(address: Address, zone: string | undefined, port: number): Uint8Array {
  const isFour = address.family === 4;
  const octets = new Uint8Array(isFour ? 16 : 28);
  const view = new DataView(octets.buffer);
  view.setUint16(0, isFour ? constants.AF_INET : constants.AF_INET6, true);
  view.setUint16(2, port);
  octets.set(addressToBytes(address), isFour ? 4 : 8);
  if (!isFour && zone !== undefined && isLinkLocal(address)) view.setUint32(24, interfaceIndex(zone) ?? 0, true);
  return octets;
}

/**
 * Demands and makes TCP-MD5 signatures between a socket and an address: for a socket that listens, on every connection of that
 * address from then on; undefined ends it.
 * @throws SysError, RangeError for a password that is too long
 * @see RFC 2385 §4
 */
export function setSignature(fd: number, address: Address, password: string | undefined): void {
  const key = new TextEncoder().encode(password ?? "");
  if (key.length > 80) throw new RangeError(`a TCP-MD5 password has at most 80 octets, not ${key.length}`);
  // `struct tcp_md5sig` of <linux/tcp.h>: a sockaddr_storage, flags, the key's length and the key.
  const signature = new Uint8Array(216);
  signature.set(socketAddress(address, undefined, 0));
  new DataView(signature.buffer).setUint16(130, key.length, true);
  signature.set(key, 136);
  setSocketOption(fd, constants.SOL_TCP, constants.TCP_MD5SIG, signature);
}
