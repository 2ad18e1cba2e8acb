import { networkInterfaces } from "node:os";
import { type Address, formatAddress, isLinkLocal, parseAddress, sameAddress } from "../../net/address.ts";
import { type Mac, parseMac } from "../../net/mac.ts";
import type { Logger } from "../../ports/logger.ts";
import { attachFilter, bind, close, constants, interfaceIndex, receive, send, socket } from "../../shell/sys.ts";
import { encodeRouterAdvertisement, readRouterAdvertisement } from "../routerAdvertisement.ts";

/** How often the sockets are looked at, and how often we are advertised, in milliseconds. */
const lookMilliseconds = 200;
const advertiseMilliseconds = 4000;

/** Passes Router Advertisements with hop limit 255, drops all other IPv6 in the kernel. */
const advertisementFilter = [
  [0x30, 0, 0, 20],
  [0x15, 0, 5, 58],
  [0x30, 0, 0, 21],
  [0x15, 0, 3, 255],
  [0x30, 0, 0, 54],
  [0x15, 0, 1, 134],
  [0x06, 0, 0, 0xffff],
  [0x06, 0, 0, 0],
] as const;

/**
 * Who is at the other end of links that unnumbered peers are on. Routers such as FRR learn their neighbour from Router
 * Advertisements, and send some themselves: we do both.
 */
export class Neighbours {
  readonly #logger: Logger;
  readonly #onFound: (link: string) => void;
  readonly #links = new Map<string, Link>();
  #timer: NodeJS.Timeout | undefined;

  /** @param onFound is told the name of a link whose neighbour is known from now on, or is another */
  constructor(logger: Logger, onFound: (link: string) => void) {
    this.#logger = logger;
    this.#onFound = onFound;
  }

  /** Listens and advertises on these links and no others. */
  apply(names: ReadonlySet<string>): void {
    for (const [name, link] of this.#links) {
      if (names.has(name)) continue;
      link.close();
      this.#links.delete(name);
    }
    for (const name of names) if (!this.#links.has(name)) this.#links.set(name, new Link(name, this.#logger));
    if (this.#links.size > 0) this.#timer ??= setInterval(() => this.#look(), lookMilliseconds);
    else this.close();
  }

  /** The link-local address of the router on a link, once it was heard. */
  at(name: string): Address | undefined {
    return this.#links.get(name)?.neighbour;
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    for (const link of this.#links.values()) link.close();
    this.#links.clear();
  }

  #look(): void {
    for (const [name, link] of this.#links) if (link.look()) this.#onFound(name);
  }
}

/** Our end of one link. It may not be there yet, go away, and come back under another number. */
class Link {
  neighbour: Address | undefined;
  readonly #name: string;
  readonly #logger: Logger;
  readonly #buffer = new Uint8Array(2048);
  #socket: { readonly fd: number; readonly index: number } | undefined;
  #advertised = 0;
  #problem = "";

  constructor(name: string, logger: Logger) {
    this.#name = name;
    this.#logger = logger;
  }

  close(): void {
    if (this.#socket !== undefined) close(this.#socket.fd);
    this.#socket = undefined;
  }

  /** Takes what came, and advertises us when that is due. @returns whether the neighbour is another one than before */
  look(): boolean {
    try {
      const fd = this.#open();
      const isFound = fd !== undefined && this.#receive(fd);
      if (fd !== undefined && performance.now() - this.#advertised >= advertiseMilliseconds) this.#advertise(fd);
      return isFound;
    } catch (error) {
      this.close();
      const reason = error instanceof Error ? error.message : String(error);
      if (reason !== this.#problem)
        this.#logger.warn(
          { event: "linkFailed", interface: this.#name, error: reason },
          `cannot look for the router on ${this.#name}: ${reason}`,
        );
      this.#problem = reason;
      return false;
    }
  }

  #open(): number | undefined {
    const index = interfaceIndex(this.#name);
    if (this.#socket?.index === index && index !== undefined) return this.#socket?.fd;
    this.close();
    if (index === undefined) return undefined;
    const fd = socket(constants.AF_PACKET, constants.SOCK_RAW | constants.SOCK_NONBLOCK, 0);
    this.#socket = { fd, index };
    attachFilter(fd, advertisementFilter);
    const address = new Uint8Array(20);
    const view = new DataView(address.buffer);
    view.setUint16(0, constants.AF_PACKET, true);
    view.setUint16(2, constants.ETH_P_IPV6, false);
    view.setInt32(4, index, true);
    bind(fd, address);
    this.#problem = "";
    return fd;
  }

  #receive(fd: number): boolean {
    const own = ownEnd(this.#name)?.address;
    let isFound = false;
    for (let length = receive(fd, this.#buffer); length !== undefined; length = receive(fd, this.#buffer)) {
      const router = readRouterAdvertisement(this.#buffer.subarray(0, length));
      if (router === undefined || (own !== undefined && sameAddress(router, own))) continue;
      if (this.neighbour !== undefined && sameAddress(router, this.neighbour)) continue;
      this.neighbour = router;
      isFound = true;
      this.#logger.info(
        { event: "neighbourFound", interface: this.#name, address: formatAddress(router) },
        `a router is on ${this.#name}`,
      );
    }
    return isFound;
  }

  #advertise(fd: number): void {
    const own = ownEnd(this.#name);
    if (own === undefined) return;
    this.#advertised = performance.now();
    send(fd, encodeRouterAdvertisement(own.mac, own.address));
  }
}

/** The Ethernet and the link-local address of an interface of this machine. */
function ownEnd(name: string): { readonly mac: Mac; readonly address: Address } | undefined {
  for (const { address: text, mac: macText } of networkInterfaces()[name] ?? []) {
    const [address, mac] = [parseAddress(text), parseMac(macText)];
    if (address !== undefined && mac !== undefined && isLinkLocal(address)) return { mac, address };
  }
  return undefined;
}
