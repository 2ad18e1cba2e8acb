import { type Address, addressFromBytes, addressToBytes } from "../net/address.ts";
import { type Mac, macFromBytes } from "../net/mac.ts";
import { type Prefix, prefixOf } from "../net/prefix.ts";

/** rtnetlink, as far as interfaces and routes need it. Numbers are in the machine's order: little-endian. @see RFC 3549 §2 */

const message = {
  newLink: 16,
  getLink: 18,
  newAddress: 20,
  getAddress: 22,
  newRoute: 24,
  getRoute: 26,
  error: 2,
  done: 3,
} as const;
const request = 0x1;
const dump = 0x300;
const headerLength = 16;

/** The groups of events: interfaces, addresses and routes of both families. */
export const groups = { links: 1, addresses4: 5, routes4: 7, addresses6: 9, routes6: 11 } as const;

const flag = { up: 0x1, loopback: 0x8, noArp: 0x80, carrier: 0x10000 } as const;
const ethernet = 1;

/** An interface as the kernel has it. */
export interface KernelLink {
  readonly index: number;
  readonly name: string;
  readonly alternativeNames: readonly string[];
  readonly mac: Mac | undefined;
  readonly isUp: boolean;
  readonly isLoopback: boolean;
  /** Whether hosts on it find each other by ARP and NDP. */
  readonly isEthernet: boolean;
  readonly carrierChanges: number;
  /** The number of the bond, bridge or VRF that it belongs to; 0 for none. */
  readonly master: number;
  /** "vlan", "bond", "bridge", …; "" for a device. */
  readonly kind: string;
}

/** An address of an interface. */
export interface KernelAddress {
  readonly index: number;
  readonly address: Address;
  readonly network: Prefix;
}

/** One message, read. What is of no interest is `other`. */
export type KernelMessage =
  | { readonly type: "link"; readonly link: KernelLink }
  | { readonly type: "address"; readonly address: KernelAddress }
  | { readonly type: "route"; readonly interface: number | undefined }
  | { readonly type: "error"; readonly errno: number }
  | { readonly type: "done" }
  | { readonly type: "other" };

/** Asks for all interfaces, or all addresses. */
export function dumpRequest(what: "links" | "addresses", sequence: number): Uint8Array {
  return framed(
    what === "links" ? message.getLink : message.getAddress,
    request | dump,
    sequence,
    new Uint8Array(what === "links" ? 16 : 8),
  );
}

/** Asks which way the kernel would send to an address. */
export function routeRequest(to: Address, sequence: number): Uint8Array {
  const octets = addressToBytes(to);
  const body = new Uint8Array(12 + 4 + octets.length);
  body[0] = to.family === 4 ? 2 : 10;
  body[1] = octets.length * 8;
  const view = new DataView(body.buffer);
  view.setUint16(12, 4 + octets.length, true);
  view.setUint16(14, 1, true);
  body.set(octets, 16);
  return framed(message.getRoute, request, sequence, body);
}

function framed(type: number, flags: number, sequence: number, body: Uint8Array): Uint8Array {
  const octets = new Uint8Array(headerLength + body.length);
  const view = new DataView(octets.buffer);
  view.setUint32(0, octets.length, true);
  view.setUint16(4, type, true);
  view.setUint16(6, flags, true);
  view.setUint32(8, sequence, true);
  octets.set(body, headerLength);
  return octets;
}

/** The messages of one datagram, as far as it is whole. Total. */
export function readMessages(datagram: Uint8Array): { readonly sequence: number; readonly message: KernelMessage }[] {
  const found: { readonly sequence: number; readonly message: KernelMessage }[] = [];
  const view = new DataView(datagram.buffer, datagram.byteOffset, datagram.length);
  for (let at = 0; at + headerLength <= datagram.length; ) {
    const length = view.getUint32(at, true);
    if (length < headerLength || at + length > datagram.length) break;
    const body = datagram.subarray(at + headerLength, at + length);
    found.push({ sequence: view.getUint32(at + 8, true), message: readMessage(view.getUint16(at + 4, true), body) });
    at += (length + 3) & ~3;
  }
  return found;
}

function readMessage(type: number, body: Uint8Array): KernelMessage {
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  switch (type) {
    case message.done:
      return { type: "done" };
    case message.error:
      return body.length < 4 ? { type: "other" } : { type: "error", errno: -view.getInt32(0, true) };
    case message.newLink:
      return body.length < 16 ? { type: "other" } : { type: "link", link: readLink(view, attributesOf(body.subarray(16))) };
    case message.newAddress:
      return body.length < 8 ? { type: "other" } : readAddress(view, attributesOf(body.subarray(8)));
    case message.newRoute: {
      const out = body.length < 12 ? undefined : attributesOf(body.subarray(12)).get(4);
      return { type: "route", interface: out === undefined || out.length < 4 ? undefined : u32(out) };
    }
    default:
      return { type: "other" };
  }
}

function readLink(view: DataView, attributes: ReadonlyMap<number, Uint8Array>): KernelLink {
  const flags = view.getUint32(8, true);
  const mac = attributes.get(1);
  const information = attributes.get(18);
  const names = attributes.get(52);
  return {
    index: view.getInt32(4, true),
    name: text(attributes.get(3)),
    alternativeNames:
      names === undefined ? [] : allAttributes(names).flatMap(([type, value]) => (type === 53 ? [text(value)] : [])),
    mac: mac?.length === 6 ? macFromBytes(mac) : undefined,
    isUp: (flags & (flag.up | flag.carrier)) === (flag.up | flag.carrier),
    isLoopback: (flags & flag.loopback) !== 0,
    isEthernet: view.getUint16(2, true) === ethernet && (flags & flag.noArp) === 0,
    carrierChanges: u32(attributes.get(35)),
    master: u32(attributes.get(10)),
    kind: information === undefined ? "" : text(attributesOf(information).get(1)),
  };
}

function readAddress(view: DataView, attributes: ReadonlyMap<number, Uint8Array>): KernelMessage {
  const length = view.getUint8(1);
  // On a point-to-point interface the first attribute is the other end; the second is always our own.
  const octets = attributes.get(2) ?? attributes.get(1);
  if (octets === undefined || (octets.length !== 4 && octets.length !== 16) || length > octets.length * 8)
    return { type: "other" };
  const address = addressFromBytes(octets);
  return { type: "address", address: { index: view.getUint32(4, true), address, network: prefixOf(address, length) } };
}

function attributesOf(octets: Uint8Array): Map<number, Uint8Array> {
  return new Map(allAttributes(octets));
}

function allAttributes(octets: Uint8Array): (readonly [number, Uint8Array])[] {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
  const found: (readonly [number, Uint8Array])[] = [];
  for (let at = 0; at + 4 <= octets.length; ) {
    const length = view.getUint16(at, true);
    if (length < 4 || at + length > octets.length) break;
    found.push([view.getUint16(at + 2, true) & 0x3fff, octets.subarray(at + 4, at + length)]);
    at += (length + 3) & ~3;
  }
  return found;
}

function u32(octets: Uint8Array | undefined): number {
  if (octets === undefined || octets.length < 4) return 0;
  return new DataView(octets.buffer, octets.byteOffset, octets.length).getUint32(0, true);
}

function text(octets: Uint8Array | undefined): string {
  if (octets === undefined) return "";
  const end = octets.indexOf(0);
  return String.fromCharCode(...octets.subarray(0, end < 0 ? octets.length : end));
}
