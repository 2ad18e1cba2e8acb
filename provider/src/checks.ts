import { isIP, isIPv4 } from "node:net";

/** A mistake in the arguments of a component: where, and what would be right. */
export interface Problem {
  /** The property, such as `addresses[0]`. */
  readonly propertyPath: string;
  /** Names the value and the remedy. */
  readonly reason: string;
}

/** Arguments as far as they are known: what is still an output is absent. */
export type KnownArgs = Readonly<Record<string, unknown>>;

const forms = "an address (192.0.2.1), a CIDR (192.0.2.0/24 or 192.0.2.0/255.255.255.0) or a range (192.0.2.1-192.0.2.9)";

/** What is wrong with a text that should name addresses, or undefined. The CRD and the controller have the same rules. */
export function addressProblem(text: string): string | undefined {
  const no = `"${text}" is not ${forms}`;
  const parts = text.split("-");
  if (parts.length > 1) {
    const [first = "", last = ""] = parts;
    if (parts.length > 2 || familyOf(first) === 0 || familyOf(last) === 0) return no;
    if (familyOf(first) !== familyOf(last)) return `"${text}" mixes IPv4 and IPv6; both ends of a range must be of one family`;
    return value(first) > value(last) ? `"${text}" is reversed; a range starts with its lower end` : undefined;
  }
  const [address = "", length, ...more] = text.split("/");
  const family = familyOf(address);
  if (family === 0 || more.length > 0) return no;
  if (length === undefined) return undefined;
  if (family === 4 && isIPv4(length)) return /^1*0*$/.test(value(length).toString(2).padStart(32, "0")) ? undefined : no;
  return /^(0|[1-9]\d{0,2})$/.test(length) && Number(length) <= (family === 4 ? 32 : 128) ? undefined : no;
}

/** The family of an address; 0 for what is none, has a zone, or is an IPv4 address in the dress of IPv6. */
function familyOf(text: string): 0 | 4 | 6 {
  const family = isIP(text);
  if (family === 4) return 4;
  return family === 6 && !text.includes("%") && value(text) >> 32n !== 0xffffn ? 6 : 0;
}

/** An address as a number. */
function value(text: string): bigint {
  if (isIPv4(text)) return text.split(".").reduce((sum, part) => sum * 256n + BigInt(part), 0n);
  const [head = "", tail] = text
    .replace(
      /(\d+)\.(\d+)\.(\d+)\.(\d+)$/,
      (_, a, b, c, d) => `${(Number(a) * 256 + Number(b)).toString(16)}:${(Number(c) * 256 + Number(d)).toString(16)}`,
    )
    .split("::");
  const groups = (side: string | undefined): string[] => (side === undefined || side === "" ? [] : side.split(":"));
  const missing = 8 - groups(head).length - groups(tail).length;
  const all = [...groups(head), ...Array<string>(tail === undefined ? 0 : missing).fill("0"), ...groups(tail)];
  return all.reduce((sum, group) => sum * 65536n + BigInt(`0x${group}`), 0n);
}

/** Mistakes in the arguments of an Eip. */
export function eipProblems(args: KnownArgs): Problem[] {
  const list = (name: string): (readonly [string, unknown])[] =>
    Array.isArray(args[name]) ? (args[name] as unknown[]).map((item, index) => [`${name}[${index}]`, item] as const) : [];
  return [["address", args["address"]] as const, ...list("addresses"), ...list("exclude")].flatMap(([propertyPath, text]) => {
    const reason = typeof text === "string" ? addressProblem(text) : undefined;
    return reason === undefined ? [] : [{ propertyPath, reason }];
  });
}

/** Mistakes in the arguments of a BgpConf. */
export function bgpConfProblems(args: KnownArgs): Problem[] {
  const { routerId, as } = args;
  return [
    ...asProblem("as", as, 0),
    ...(typeof routerId === "string" && routerId !== "" && !isIPv4(routerId)
      ? [{ propertyPath: "routerId", reason: `"${routerId}" is not an IPv4 address, such as 172.30.0.11` }]
      : []),
  ];
}

/** Mistakes in the arguments of a BgpPeer. */
export function bgpPeerProblems(args: KnownArgs): Problem[] {
  const conf = record(args["conf"]);
  const timers = record(record(args["timers"])["config"]);
  const { neighborAddress, peerAs, authPassword } = conf;
  const [hold, keepalive] = [timers["holdTime"], timers["keepaliveInterval"]].map((text) =>
    typeof text === "string" && /^\d+$/.test(text) ? Number(text) : undefined,
  );
  return [
    ...(typeof neighborAddress === "string" && isIP(neighborAddress) === 0
      ? [{ propertyPath: "conf.neighborAddress", reason: `"${neighborAddress}" is not an IP address, such as 172.30.0.1` }]
      : []),
    ...asProblem("conf.peerAs", peerAs, 1),
    ...(authPassword === undefined
      ? []
      : [
          {
            propertyPath: "conf.authPassword",
            reason:
              "a password in a BgpPeer can be read by everybody who can read the object; give it as `password`, which becomes a Secret",
          },
        ]),
    ...(hold === 1 || hold === 2
      ? [{ propertyPath: "timers.config.holdTime", reason: `"${hold}" is not allowed; a hold time is 0 or at least 3 seconds` }]
      : []),
    ...(hold !== undefined && keepalive !== undefined && hold !== 0 && keepalive >= hold
      ? [
          {
            propertyPath: "timers.config.keepaliveInterval",
            reason: `"${keepalive}" is not below the hold time "${hold}"; a third of it is usual`,
          },
        ]
      : []),
  ];
}

/** Mistakes in the arguments of an ExposedService. */
export function exposedServiceProblems(args: KnownArgs): Problem[] {
  const { address } = args;
  const parts = typeof address === "string" ? address.split(",") : [];
  const ports = Array.isArray(args["ports"]) ? (args["ports"] as unknown[]).map(record) : [];
  const seen = new Map<string, number>();
  const clashes = ports.flatMap((port, index) => {
    const key = `${String(port["port"])}/${String(port["protocol"] ?? "TCP")}`;
    const first = seen.get(key);
    seen.set(key, first ?? index);
    return first === undefined || port["port"] === undefined
      ? []
      : [
          {
            propertyPath: `ports[${index}].port`,
            reason: `${key} is there already, as ports[${first}]; give it another port or protocol`,
          },
        ];
  });
  const wrong = parts.flatMap((part) =>
    isIP(part.trim()) === 0
      ? [{ propertyPath: "address", reason: `"${part.trim()}" is not an IP address, such as 192.0.2.10` }]
      : [],
  );
  return [...wrong, ...clashes];
}

function asProblem(propertyPath: string, as: unknown, lowest: number): Problem[] {
  if (typeof as !== "number" || (Number.isInteger(as) && as >= lowest && as <= 4294967295)) return [];
  return [{ propertyPath, reason: `${as} is not an AS number: a whole number from ${lowest} to 4294967295` }];
}

function record(value: unknown): KnownArgs {
  return typeof value === "object" && value !== null ? (value as KnownArgs) : {};
}
