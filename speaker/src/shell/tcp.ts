import { Socket } from "node:net";
import { type Address, addressToBytes, formatAddress } from "../net/address.ts";
import { close, constants, setSocketOption, socket } from "./sys.ts";

/** What a connection needs beyond an address and a port. */
export interface DialOptions {
  readonly address: Address;
  readonly port: number;
  /** The address to come from; undefined leaves it to the kernel. */
  readonly localAddress: string | undefined;
  /** The TTL or hop limit of our packets; undefined leaves it to the kernel. */
  readonly ttl: number | undefined;
  /** The TCP-MD5 password. A wrong one shows as a time-out, never as a refusal. @see RFC 2385 §4 */
  readonly password: string | undefined;
}

/**
 * Begins to connect, with the options set before the first packet goes out.
 * @throws SysError when the kernel does not take an option
 */
export function dial(options: DialOptions): Socket {
  const { address, port, localAddress, ttl, password } = options;
  const target = {
    host: formatAddress(address),
    port,
    noDelay: true,
    keepAlive: true,
    ...(localAddress === undefined ? {} : { localAddress }),
  };
  if (ttl === undefined && password === undefined) return new Socket().connect(target);
  const isFour = address.family === 4;
  const fd = socket(isFour ? constants.AF_INET : constants.AF_INET6, constants.SOCK_STREAM | constants.SOCK_NONBLOCK, 0);
  try {
    if (ttl !== undefined) {
      const value = new Uint8Array(new Int32Array([ttl]).buffer);
      setSocketOption(
        fd,
        isFour ? constants.SOL_IP : constants.SOL_IPV6,
        isFour ? constants.IP_TTL : constants.IPV6_UNICAST_HOPS,
        value,
      );
    }
    if (password !== undefined) setSocketOption(fd, constants.SOL_TCP, constants.TCP_MD5SIG, md5Signature(address, password));
    return new Socket({ fd, readable: true, writable: true }).connect(target);
  } catch (error) {
    close(fd);
    throw error;
  }
}

/** `struct tcp_md5sig` of <linux/tcp.h>: a sockaddr_storage, flags, the key's length and the key. */
function md5Signature(address: Address, password: string): Uint8Array {
  const key = new TextEncoder().encode(password);
  if (key.length > 80) throw new RangeError(`a TCP-MD5 password has at most 80 octets, not ${key.length}`);
  const signature = new Uint8Array(216);
  const view = new DataView(signature.buffer);
  view.setUint16(0, address.family === 4 ? constants.AF_INET : constants.AF_INET6, true);
  signature.set(addressToBytes(address), address.family === 4 ? 4 : 8);
  view.setUint16(130, key.length, true);
  signature.set(key, 136);
  return signature;
}
