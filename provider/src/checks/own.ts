import { isIP, isIPv4 } from "node:net";
import { interfaceProblems as sentences } from "@berth/api/eip";
import { reservedBlocks, reservedProblem } from "@berth/api/reserved";
import { bgpConfArgs, bgpPeerArgs, eipArgs, exposedServiceArgs, loadBalancerArgs } from "../fields.ts";
import {
  type AddressRange,
  firstShared,
  formatAddress,
  formatRange,
  parseAddress,
  parseRange,
  rangesOf,
  without,
} from "./addresses.ts";
import { aggregationProblems } from "./aggregates.ts";
import { asProblems, communityProblems, connectionProblems, listenProblems } from "./bgp.ts";
import { fieldProblems } from "./fields.ts";
import { hasUnknown, type KnownArgs, list, type Problem, record, texts, unknown } from "./problem.ts";

/** Mistakes that the arguments of one component show by themselves. */

const no = (propertyPath: string, reason: string): Problem[] => [{ propertyPath, reason }];

/** The entries of a pool, each with its property path; texts that are not known yet are left out. */
export function poolEntries(args: KnownArgs): { readonly path: string; readonly text: string }[] {
  const { address } = args;
  return [...(typeof address === "string" ? [{ path: "address", text: address }] : []), ...texts(args, "addresses")];
}

/** Mistakes in the arguments of an Eip. */
export function eipProblems(args: KnownArgs): Problem[] {
  const entries = poolEntries(args);
  const holes = texts(args, "exclude");
  const malformed = [...entries, ...holes].flatMap(({ path, text }) => {
    const parsed = parseRange(text);
    return "problem" in parsed ? no(path, `"${text}" ${parsed.problem}`) : [];
  });
  const isJudgeable = malformed.length === 0 && entries.length > 0 && !hasUnknown([args["address"], args["addresses"]]);
  const left = isJudgeable ? without(rangesOf(entries), rangesOf(holes)) : [];
  const isEmpty = isJudgeable && left.length === 0;
  return [
    ...fieldProblems(args, eipArgs),
    ...malformed,
    ...aggregationProblems(args, entries),
    ...(hasUnknown([args["exclude"]]) ? [] : reservedProblems(left)),
    ...interfaceProblems(args["interface"]),
    ...communityProblems(record(args["bgp"])),
    ...selectorProblems(record(args["nodeSelector"]), "nodeSelector"),
    ...list(args["preferredNodes"]).flatMap((item, index) =>
      selectorProblems(record(record(item)["nodeSelector"]), `preferredNodes[${index}].nodeSelector`),
    ),
    ...selectorProblems(record(record(args["bgp"])["nodeSelector"]), "bgp.nodeSelector"),
    ...(isEmpty
      ? no("exclude", `${JSON.stringify(holes.map(({ text }) => text))} leaves no address of the pool; exclude less`)
      : []),
  ];
}

function reservedProblems(left: readonly AddressRange[]): Problem[] {
  for (const [block, what] of reservedBlocks) {
    const shared = firstShared(left, rangesOf([{ text: block }]));
    if (shared !== undefined) return no("address", reservedProblem(formatRange(shared), what));
  }
  return [];
}

/** The parts of `interface`, as the CRD's rules have them. */
function interfaceProblems(text: unknown): Problem[] {
  if (typeof text !== "string") return [];
  return text
    .split(",")
    .map((part) => part.trim())
    .flatMap((part): Problem[] => {
      const [, kind, value = ""] = /^(can_reach|cidr):(.*)$/.exec(part) ?? [];
      if (kind === "can_reach")
        return parseAddress(value.trim()) === undefined ? no("interface", `"${part}": ${sentences.reach}`) : [];
      if (kind === "cidr")
        return "problem" in parseRange(value.trim()) || !value.includes("/")
          ? no("interface", `"${part}": ${sentences.network}`)
          : [];
      return /[\s/]/.test(part) ? no("interface", `"${part}" ${sentences.name}`) : [];
    });
}

/** Mistakes in the arguments of a BgpConf. */
export function bgpConfProblems(args: KnownArgs): Problem[] {
  const { routerId } = args;
  return [
    ...fieldProblems(args, bgpConfArgs),
    ...asProblems("as", args["as"]),
    ...Object.entries(record(args["asPerRack"])).flatMap(([rack, as]) => asProblems(`asPerRack["${rack}"]`, as)),
    ...(typeof routerId === "string" && routerId !== "" && (!isIPv4(routerId) || routerId === "0.0.0.0")
      ? no("routerId", `"${routerId}" is not an IPv4 address other than 0.0.0.0, such as 172.30.0.11`)
      : []),
    ...texts(args, "listenAddresses").flatMap(({ path, text }) =>
      isIP(text) === 0 ? no(path, `"${text}" is not an IP address, such as 0.0.0.0 or ::`) : listenProblems(path, text),
    ),
  ];
}

/** Mistakes in the arguments of a BgpPeer. */
export function bgpPeerProblems(args: KnownArgs): Problem[] {
  const conf = record(args["conf"]);
  const { neighborAddress, peerAs, localAs, authPassword } = conf;
  const isMultihop = record(args["ebgpMultihop"])["enabled"] === true;
  return [
    ...fieldProblems(args, bgpPeerArgs),
    ...whoProblems(conf),
    ...asProblems("conf.peerAs", peerAs),
    ...asProblems("conf.localAs", localAs),
    ...connectionProblems(args),
    ...(record(args["ttlSecurity"])["enabled"] === true && isMultihop
      ? no(
          "ttlSecurity.enabled",
          "true and ebgpMultihop exclude each other; for a peer that is further away remove ebgpMultihop, and lower ttlSecurity.ttlMin",
        )
      : []),
    ...(typeof neighborAddress === "string" && neighborAddress !== "" && isIP(neighborAddress) === 0
      ? no("conf.neighborAddress", `"${neighborAddress}" is not an IP address, such as 172.30.0.1`)
      : []),
    ...(authPassword === undefined || authPassword === ""
      ? []
      : [
          {
            propertyPath: "conf.authPassword",
            reason:
              "a password in a BgpPeer can be read by everybody who can read the object; give it as password, which becomes a Secret",
            isSecret: true as const,
          },
        ]),
    ...(args["password"] !== undefined && conf["passwordSecretRef"] !== undefined
      ? no("conf.passwordSecretRef", "there is a password too; give one of the two")
      : []),
    ...peerTypeProblems(conf, isMultihop),
    ...timerProblems(record(record(args["timers"])["config"])),
    ...selectorProblems(record(args["nodeSelector"]), "nodeSelector"),
  ];
}

/** What a peer says of its type that its own AS numbers, or `dynamicAs`, contradict. */
function peerTypeProblems(conf: KnownArgs, isMultihop: boolean): Problem[] {
  const { peerAs, localAs, dynamicAs, peerType } = conf;
  const hasBoth = typeof peerAs === "number" && typeof localAs === "number" && peerAs > 0 && localAs > 0;
  const isInternal = hasBoth ? peerAs === localAs : typeof dynamicAs === "string" ? dynamicAs === "internal" : undefined;
  const numbers =
    peerAs === localAs
      ? `conf.peerAs and conf.localAs are both ${String(peerAs)}`
      : `conf.peerAs is ${String(peerAs)} and conf.localAs ${String(localAs)}`;
  const why = hasBoth ? numbers : `conf.dynamicAs is ${JSON.stringify(dynamicAs)}`;
  return [
    ...(isMultihop && (peerType === 0 || isInternal === true)
      ? no(
          "ebgpMultihop.enabled",
          peerType === 0
            ? "true is for external peers, and conf.peerType 0 says that this one is internal; remove one of the two"
            : `true is for external peers, and ${why}; remove it, or correct the AS numbers`,
        )
      : []),
    ...(isInternal !== undefined && dynamicAs !== "" && ((peerType === 0 && !isInternal) || (peerType === 1 && isInternal))
      ? no(
          "conf.peerType",
          `${peerType} says ${peerType === 0 ? "internal" : "external"}, but ${why}; leave it out, it follows from the AS numbers`,
        )
      : []),
  ];
}

/** A peer needs an address or an interface, and one way to tell its AS number. */
function whoProblems(conf: KnownArgs): Problem[] {
  if (Object.keys(conf).length === 0) return [];
  const { neighborAddress, neighborInterface, peerAs, dynamicAs } = conf;
  const isAbsent = (value: unknown): boolean => value === undefined || value === "" || value === 0;
  return [
    ...(isAbsent(neighborAddress) && isAbsent(neighborInterface)
      ? no(
          "conf.neighborAddress",
          "is missing; give the peer's address, such as 172.30.0.1, or neighborInterface for a peer without one",
        )
      : []),
    ...(isAbsent(peerAs) && isAbsent(dynamicAs)
      ? no(
          "conf.peerAs",
          `${peerAs === 0 ? "0 is no AS number" : "is missing"}; give the peer's, from 1 to 4294967295, or dynamicAs: internal or external`,
        )
      : []),
    ...(!isAbsent(peerAs) && !isAbsent(dynamicAs) && peerAs !== unknown && dynamicAs !== unknown
      ? no("conf.dynamicAs", `"${String(dynamicAs)}": there is peerAs ${String(peerAs)} too; give one of the two`)
      : []),
  ];
}

function timerProblems(config: KnownArgs): Problem[] {
  const path = (name: string): string => `timers.config.${name}`;
  const malformed = Object.entries(config).flatMap(([name, text]) =>
    typeof text === "string" && text !== "" && (!/^\d{1,9}$/.test(text) || Number(text) > 65535)
      ? no(path(name), `"${text}" is not a number of seconds from "0" to "65535"`)
      : [],
  );
  if (malformed.length > 0) return malformed;
  const seconds = (name: string): number | undefined =>
    typeof config[name] === "string" && config[name] !== "" ? Number(config[name]) : undefined;
  const [hold, keepalive] = [seconds("holdTime"), seconds("keepaliveInterval")];
  if (hold === 1 || hold === 2)
    return no(path("holdTime"), `"${hold}" is not allowed; a hold time is "0" or at least "3" seconds`);
  const effective = hold ?? (config["holdTime"] === unknown ? undefined : 90);
  return keepalive !== undefined && effective !== undefined && effective !== 0 && keepalive >= effective
    ? no(
        path("keepaliveInterval"),
        `"${keepalive}" is not below the hold time of ${effective} seconds; a third of it is usual: "${Math.max(1, Math.floor(effective / 3))}"`,
      )
    : [];
}

function selectorProblems(selector: KnownArgs, at: string): Problem[] {
  return list(selector["matchExpressions"]).flatMap((item, index) => {
    const { operator, values } = record(item);
    const path = `${at}.matchExpressions[${index}].values`;
    if (values === unknown) return [];
    const count = list(values).length;
    if ((operator === "In" || operator === "NotIn") && count === 0)
      return no(path, `is empty; ${operator} needs at least one value`);
    return (operator === "Exists" || operator === "DoesNotExist") && count > 0
      ? no(path, `${JSON.stringify(values)} is not compared with anything; ${operator} takes no values`)
      : [];
  });
}

/** The addresses that an ExposedService asks for, as texts. */
export function wantedAddresses(args: KnownArgs): string[] {
  const { address } = args;
  return typeof address === "string" ? address.split(",").map((part) => part.trim()) : [];
}

/** Mistakes in the arguments of an ExposedService. @param name of the resource: the Service's when the arguments give none */
export function exposedServiceProblems(args: KnownArgs, name = "service"): Problem[] {
  const { selector, ipFamilies, externalTrafficPolicy } = args;
  const backends = ["selector", "service", "deployment"].filter((backend) => args[backend] !== undefined);
  const serviceName = args["name"] === undefined ? name : args["name"];
  const families = list(ipFamilies);
  const wanted = wantedAddresses(args);
  const parsed = wanted.map((text) => ({ text, address: parseAddress(text) }));
  const twice = parsed.find(({ address }, index) =>
    parsed.some((other, at) => at < index && other.address !== undefined && other.address.family === address?.family),
  );
  return [
    ...fieldProblems(withoutResources(args), exposedServiceArgs),
    ...(typeof serviceName === "string" && !/^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/.test(serviceName)
      ? no(
          "name",
          `"${serviceName}" is not a name that a Service can have: lower case letters, digits and -, at most 63, the first a letter; give another`,
        )
      : []),
    ...(backends.length === 1
      ? []
      : no(
          backends[1] ?? "selector",
          backends.length === 0
            ? "is missing; say which pods serve: give selector, or service, or deployment"
            : `there is ${backends[0]} too; give one of selector, service and deployment`,
        )),
    ...(selector !== undefined && selector !== unknown && Object.keys(record(selector)).length === 0
      ? no("selector", "{} selects no pods; give at least one label, such as {app: page}")
      : []),
    ...(args["ports"] === undefined && args["selector"] !== undefined
      ? no("ports", "is missing; give at least one, such as [{port: 80}]")
      : []),
    ...portProblems(args),
    ...parsed.flatMap(({ text, address }) =>
      address === undefined ? no("address", `"${text}" is not an IP address, such as 192.0.2.10`) : [],
    ),
    ...parsed.flatMap(({ text, address }) =>
      address !== undefined && families.length > 0 && !families.includes(unknown) && !families.includes(`IPv${address.family}`)
        ? no(
            "address",
            `"${text}" is IPv${address.family}, and ipFamilies has only ${families.join(", ")}; add IPv${address.family}, or take another address`,
          )
        : [],
    ),
    ...(twice === undefined
      ? []
      : no("address", `"${twice.text}" is the second address of one family; a Service has one of each`)),
    ...(args["sharingKey"] === "" ? no("sharingKey", '"" is no key; leave it out, or give a text') : []),
    ...(externalTrafficPolicy === "" ? no("externalTrafficPolicy", '"" is neither Cluster nor Local') : []),
  ];
}

function portProblems(args: KnownArgs): Problem[] {
  const ports = list(args["ports"]).map(record);
  if (Array.isArray(args["ports"]) && ports.length === 0)
    return no("ports", "[] serves nothing; give at least one, such as [{port: 80}]");
  return ports.flatMap(({ port, protocol, name }, index) => {
    const key = `${String(port)}/${String(protocol ?? "TCP")}`;
    const isKnown = typeof port === "number" && protocol !== unknown;
    const first = ports.findIndex((other) => `${String(other["port"])}/${String(other["protocol"] ?? "TCP")}` === key);
    if (isKnown && first < index)
      return no(`ports[${index}].port`, `${key} is there already, as ports[${first}]; give it another port or protocol`);
    return ports.length > 1 && name === undefined
      ? no(`ports[${index}].name`, "is missing; with several ports each needs a name, such as http")
      : [];
  });
}

/** The arguments without those that are whole resources: their definition is not ours. */
function withoutResources(args: KnownArgs): KnownArgs {
  const { service: _1, deployment: _2, ...plain } = args;
  return plain;
}

/** Mistakes in the arguments of a LoadBalancer. */
export function loadBalancerProblems(args: KnownArgs): Problem[] {
  const cidrs = [...texts(args, "podCidrs"), ...texts(args, "serviceCidrs")];
  return [
    ...fieldProblems(args, loadBalancerArgs),
    ...(args["image"] === "" ? no("image", '"" is no image; give one, such as example/berth:0.1.0') : []),
    ...(args["layer2"] === false && args["bgp"] === false
      ? no("bgp", "false: with layer2 false too, no address would be announced; turn one of them on")
      : []),
    ...cidrs.flatMap(({ path, text }) => {
      const parsed = parseRange(text);
      if (!text.includes("/") || "problem" in parsed) return no(path, `"${text}" is not a CIDR, such as 10.244.0.0/16`);
      const { family, first } = parsed.range;
      const base = text.split("/")[0] ?? "";
      return parseAddress(base)?.first === first
        ? []
        : no(path, `"${text}" has host bits; write ${formatAddress(family, first)}/${text.split("/")[1]}`);
    }),
  ];
}
