import { type Address, addressToBytes, isLinkLocal } from "../../net/address.ts";
import type { LivenessTarget } from "../../ports/liveness.ts";
import { bind, close, constants, DatagramReader, interfaceIndex, sendTo, setSocketOption, socket } from "../../shell/sys.ts";

/** Where packets of one hop and of several go. @see RFC 5881 §4, RFC 5883 §5 */
export const ports = { single: 3784, multi: 4784 } as const;
/** Where packets come from. @see RFC 5881 §4 */
const sourcePorts = { first: 49152, last: 65535 } as const;
const ttl = 255;

const number = (value: number): Uint8Array => new Uint8Array(new Int32Array([value]).buffer);

/** `struct sockaddr_in` or `sockaddr_in6`. */
function socketAddress(address: Address, zone: number, port: number): Uint8Array {
  const isFour = address.family === 4;
  const octets = new Uint8Array(isFour ? 16 : 28);
  const view = new DataView(octets.buffer);
  view.setUint16(0, isFour ? constants.AF_INET : constants.AF_INET6, true);
  view.setUint16(2, port);
  octets.set(addressToBytes(address), isFour ? 4 : 8);
  if (!isFour && isLinkLocal(address)) view.setUint32(24, zone, true);
  return octets;
}

function open(family: 4 | 6): number {
  const domain = family === 4 ? constants.AF_INET : constants.AF_INET6;
  const fd = socket(domain, constants.SOCK_DGRAM | constants.SOCK_NONBLOCK, 0);
  if (family === 6) setSocketOption(fd, constants.SOL_IPV6, constants.IPV6_V6ONLY, number(1));
  return fd;
}

const anywhere = (family: 4 | 6): Address => ({ family, value: 0n });

/** The socket that packets of a family and kind come in on. @throws SysError when the port is taken */
export function openReceiver(family: 4 | 6, kind: keyof typeof ports): number {
  const fd = open(family);
  try {
    DatagramReader.prepare(fd, family);
    setSocketOption(fd, constants.SOL_SOCKET, constants.SO_RCVBUF, number(1 << 20));
    bind(fd, socketAddress(anywhere(family), 0, ports[kind]));
    return fd;
  } catch (error) {
    close(fd);
    throw error;
  }
}

/** A way to one neighbour, with a source port of its own. */
export interface Sender {
  readonly fd: number;
  send(octets: Uint8Array): void;
}

/** @param taken source ports that other sessions have @throws SysError when the address cannot be had */
export function openSender({ address, localAddress, interface: link, options }: LivenessTarget, seed: number): Sender {
  const { family } = address;
  const zone = link === undefined ? 0 : (interfaceIndex(link) ?? 0);
  const fd = open(family);
  const level = family === 4 ? constants.SOL_IP : constants.SOL_IPV6;
  const count = sourcePorts.last - sourcePorts.first + 1;
  try {
    setSocketOption(fd, level, family === 4 ? constants.IP_TTL : constants.IPV6_UNICAST_HOPS, number(ttl));
    for (let attempt = 0; ; attempt++) {
      try {
        bind(fd, socketAddress(localAddress ?? anywhere(family), zone, sourcePorts.first + ((seed + attempt) % count)));
        break;
      } catch (error) {
        if (attempt >= 100) throw error;
      }
    }
    const target = socketAddress(address, zone, options.minimumTtl === undefined ? ports.single : ports.multi);
    return { fd, send: (octets) => sendTo(fd, octets, target) };
  } catch (error) {
    close(fd);
    throw error;
  }
}
