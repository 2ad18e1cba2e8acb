/** As much of BGP as the measuring side needs, written for speed and apart from the engine that is measured. */
const marker = "ff".repeat(16);
const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, "0");

/** The first of the prefixes of a table: table i has the hosts 100.64.0.0 + i. */
const base = 0x64_40_00_00;
/** UPDATEs hold at most so many octets. */
const maxLength = 4096;

export const messageType = { open: 1, update: 2, notification: 3, keepalive: 4, routeRefresh: 5 } as const;
export const keepalive = Buffer.from(`${marker}001304`, "hex");
/** Asks for the IPv4 table. @see RFC 2918 §3 */
export const routeRefresh = Buffer.from(`${marker}00170500010001`, "hex");

/** The text of a host of the table. */
export function hostText(index: number): string {
  const value = base + index;
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join(".");
}

/** An OPEN with IPv4 unicast, route refresh with its marks, and four-octet AS numbers. */
export function open(as: number, holdTime: number, address: string): Buffer {
  const capabilities = `01040001000102004600${`4104${hex(as, 8)}`}`;
  const length = capabilities.length / 2;
  const identifier = address
    .split(".")
    .map((part) => hex(Number(part), 2))
    .join("");
  const header = `${marker}${hex(31 + length, 4)}0104${hex(as, 4)}${hex(holdTime, 4)}${identifier}`;
  return Buffer.from(`${header}${hex(length + 2, 2)}02${hex(length, 2)}${capabilities}`, "hex");
}

/** UPDATEs that announce the hosts [from, to) of the table, as many in each as fit. */
export function announcement(as: number, nextHop: string, from: number, to: number): Buffer {
  const next = nextHop
    .split(".")
    .map((part) => hex(Number(part), 2))
    .join("");
  const attributes = Buffer.from(`4001010040020602010000${hex(as, 4)}400304${next}`, "hex");
  const perMessage = Math.floor((maxLength - 23 - attributes.length) / 5);
  const messages: Buffer[] = [];
  for (let at = from; at < to; at += perMessage) {
    const count = Math.min(perMessage, to - at);
    const message = Buffer.alloc(23 + attributes.length + 5 * count, 0xff);
    message.writeUInt16BE(message.length, 16);
    message[18] = messageType.update;
    message.writeUInt16BE(0, 19);
    message.writeUInt16BE(attributes.length, 21);
    attributes.copy(message, 23);
    writeHosts(message, 23 + attributes.length, at, count);
    messages.push(message);
  }
  return Buffer.concat(messages);
}

/** UPDATEs that withdraw the hosts [from, to) of the table. */
export function withdrawal(from: number, to: number): Buffer {
  const perMessage = Math.floor((maxLength - 23) / 5);
  const messages: Buffer[] = [];
  for (let at = from; at < to; at += perMessage) {
    const count = Math.min(perMessage, to - at);
    const message = Buffer.alloc(23 + 5 * count, 0xff);
    message.writeUInt16BE(message.length, 16);
    message[18] = messageType.update;
    message.writeUInt16BE(5 * count, 19);
    writeHosts(message, 21, at, count);
    message.writeUInt16BE(0, 21 + 5 * count);
    messages.push(message);
  }
  return Buffer.concat(messages);
}

function writeHosts(message: Buffer, at: number, from: number, count: number): void {
  for (let index = 0; index < count; index++) {
    message[at + 5 * index] = 32;
    message.writeUInt32BE(base + from + index, at + 5 * index + 1);
  }
}

/** Calls back for every host of the table that an UPDATE withdraws or announces. */
export function readUpdate(message: Buffer, onHost: (index: number, isAnnounced: boolean) => void): void {
  const withdrawn = message.readUInt16BE(19);
  readHosts(message, 21, 21 + withdrawn, false, onHost);
  const attributes = message.readUInt16BE(21 + withdrawn);
  readHosts(message, 23 + withdrawn + attributes, message.length, true, onHost);
}

function readHosts(
  message: Buffer,
  from: number,
  to: number,
  isAnnounced: boolean,
  onHost: (index: number, isAnnounced: boolean) => void,
): void {
  for (let at = from; at < to; ) {
    const bits = message[at] ?? 0;
    if (bits === 32) onHost((message.readUInt32BE(at + 1) - base) >>> 0, isAnnounced);
    at += 1 + Math.ceil(bits / 8);
  }
}
