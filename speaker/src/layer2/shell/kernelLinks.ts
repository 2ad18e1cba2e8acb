import { type Address, formatAddress } from "../../net/address.ts";
import { bind, close, constants, pollReadable, receive, SysError, send, setSocketOption, socket } from "../../shell/sys.ts";
import { type LinkView, usableLinks } from "../links.ts";
import {
  dumpRequest,
  groups,
  type KernelAddress,
  type KernelLink,
  type KernelMessage,
  readMessages,
  routeRequest,
} from "../netlink.ts";

const answerMilliseconds = 500;

/** The interfaces, addresses and routes of this machine as the kernel tells of them by rtnetlink. */
export class KernelLinks {
  /** To be polled: readable when something has changed. */
  readonly events: number;
  readonly #requests: number;
  readonly #buffer = new Uint8Array(1 << 18);
  #sequence = 1;
  #followsRoutes = false;

  /** @throws SysError */
  constructor() {
    this.events = open();
    this.#requests = open();
    for (const group of [groups.links, groups.addresses4, groups.addresses6]) this.#follow(group);
  }

  /** Reads the events away; what has changed is read anew by `read`. A queue that ran over is no matter for the same reason. */
  drain(): void {
    for (;;) {
      try {
        if (receive(this.events, this.#buffer) === undefined) return;
      } catch (error) {
        if (!(error instanceof SysError)) throw error;
      }
    }
  }

  /** The interfaces that can serve, as they are now. @throws SysError */
  read(): LinkView[] {
    const links: KernelLink[] = [];
    const addresses: KernelAddress[] = [];
    for (const what of ["links", "addresses"] as const) {
      this.#ask(
        (sequence) => dumpRequest(what, sequence),
        (message) => {
          if (message.type === "link") links.push(message.link);
          if (message.type === "address") addresses.push(message.address);
          return message.type === "done" || message.type === "error";
        },
      );
    }
    return usableLinks(links, addresses);
  }

  /** By which interface the kernel sends to each destination; destinations without a route are absent. From here on routes are followed. @throws SysError */
  egress(destinations: readonly Address[], links: readonly LinkView[]): Map<string, string> {
    const found = new Map<string, string>();
    if (destinations.length > 0 && !this.#followsRoutes) {
      this.#followsRoutes = true;
      this.#follow(groups.routes4);
      this.#follow(groups.routes6);
    }
    for (const destination of destinations) {
      this.#ask(
        (sequence) => routeRequest(destination, sequence),
        (message) => {
          const link = message.type === "route" ? links.find(({ index }) => index === message.interface) : undefined;
          if (link !== undefined) found.set(formatAddress(destination), link.name);
          return message.type === "route" || message.type === "error";
        },
      );
    }
    return found;
  }

  close(): void {
    close(this.events);
    close(this.#requests);
  }

  /** Sends a request and takes its answers until one says that it was the last, or the kernel is silent. */
  #ask(request: (sequence: number) => Uint8Array, isLast: (message: KernelMessage) => boolean): void {
    const wanted = this.#sequence++;
    send(this.#requests, request(wanted));
    for (;;) {
      if (pollReadable([this.#requests], answerMilliseconds)[0] !== true) return;
      const length = receive(this.#requests, this.#buffer);
      if (length === undefined) continue;
      for (const { sequence, message } of readMessages(this.#buffer.subarray(0, length)))
        if (sequence === wanted && isLast(message)) return;
    }
  }

  #follow(group: number): void {
    setSocketOption(
      this.events,
      constants.SOL_NETLINK,
      constants.NETLINK_ADD_MEMBERSHIP,
      new Uint8Array(Uint32Array.of(group).buffer),
    );
  }
}

function open(): number {
  const fd = socket(constants.AF_NETLINK, constants.SOCK_RAW | constants.SOCK_NONBLOCK, 0);
  const address = new Uint8Array(12);
  address[0] = constants.AF_NETLINK;
  bind(fd, address);
  return fd;
}
