import { formatAddress, parseAddress, parseRange, prefixesOf } from "../checks/addresses.ts";

/** What the router at the other end of a BgpPeer has to know, whoever made it. */
export interface RouterSide {
  /** The name of the BgpPeer, for names and comments. */
  readonly name: string;
  /** The router's own address and AS number. */
  readonly routerAddress: string;
  readonly routerAs: number;
  /** The AS number of the speakers. */
  readonly speakersAs: number;
  /** Addresses of nodes, or networks that they are in. Of one family, the session's. */
  readonly nodes: readonly string[];
  /** The families of routes: IPv4, IPv6 or both. */
  readonly families: readonly (4 | 6)[];
  /** Which routes are accepted: exactly those of the pools. */
  readonly accepted: readonly Accepted[];
  /** Whether the session has a password (TCP-MD5); the text has a placeholder for it. */
  readonly hasPassword: boolean;
  /** Seconds. */
  readonly holdTime: number;
  readonly keepalive: number;
  /** The TTL of an external session over more than one hop; undefined for neighbours on one network. */
  readonly multihop: number | undefined;
  /** The most hops that packets may come from, with TTL security (RFC 5082). */
  readonly ttlSecurity: number | undefined;
  /** Whether the router has to take more than one path to a prefix from one speaker. */
  readonly addPath: boolean;
  readonly bfd: Bfd | undefined;
  readonly gracefulRestart: boolean;
  /** Among how many next hops traffic is spread. */
  readonly maximumPaths: number;
  /** Whether speakers wait for the router to connect. */
  readonly speakersWait: boolean;
}

/** Intervals in milliseconds, and how many packets may be missing. */
export interface Bfd {
  readonly receive: number;
  readonly transmit: number;
  readonly multiplier: number;
}

/** Routes inside a prefix, with lengths from `from` to `to`. */
export interface Accepted {
  readonly family: 4 | 6;
  readonly prefix: string;
  readonly length: number;
  readonly from: number;
  readonly to: number;
}

/** What stands where the password goes: it is a secret, and no text of ours holds it. */
export const passwordPlaceholder = (name: string): string => `PASSWORD-OF-${name}`;

/** Whether an entry of `nodes` is a network, whose hosts are neighbours as they come. */
export const isNetwork = (node: string): boolean => node.includes("/");

/** The routes that pools give rise to: host routes, or aggregates of a length. @throws Error for a malformed range */
export function acceptedRoutes(
  ranges: readonly string[],
  aggregates: { readonly 4?: number | undefined; readonly 6?: number | undefined },
): Accepted[] {
  const all = ranges.flatMap((text) => {
    const parsed = parseRange(text);
    if ("problem" in parsed) throw new Error(`"${text}" ${parsed.problem}`);
    const { family } = parsed.range;
    const full = family === 4 ? 32 : 128;
    const aggregate = aggregates[family] ?? full;
    return prefixesOf(parsed.range).map((written): Accepted => {
      const [base = "", bits = ""] = written.split("/");
      const length = Math.min(Number(bits), aggregate);
      const host = BigInt(full - length);
      const first = ((parseAddress(base)?.first ?? 0n) >> host) << host;
      return { family, prefix: `${formatAddress(family, first)}/${length}`, length, from: aggregate, to: full };
    });
  });
  return all.filter((one, index) => all.findIndex((other) => other.prefix === one.prefix) === index);
}

/** Those of one family. */
export function ofFamily(side: RouterSide, family: 4 | 6): readonly Accepted[] {
  return side.accepted.filter((accepted) => accepted.family === family);
}

/** A name in capitals, as Cisco's and its kin have them. */
export function capitalName({ name }: RouterSide): string {
  return `BERTH-${name.toUpperCase().replaceAll(/[^A-Z0-9]+/g, "-")}`;
}

/** A name in small letters, with another sign between words. */
export function smallName({ name }: RouterSide, sign: string): string {
  return `berth${sign}${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, sign)}`;
}

/** The lines that every text begins with, in comments. */
export function header(side: RouterSide, router: string): string[] {
  return [
    `Berth: the other end of BgpPeer "${side.name}", for ${router}.`,
    `This router is ${side.routerAddress} in AS ${side.routerAs}; the speakers are AS ${side.speakersAs}.`,
    ...(side.hasPassword ? [`Put the password of the BgpPeer where ${passwordPlaceholder(side.name)} stands.`] : []),
  ];
}
