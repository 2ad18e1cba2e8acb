import { type AddressRange, firstShared, formatRange, parseAddress, parseRange, rangesOf, without } from "./addresses.ts";
import { isDefaultEip, secondDefault } from "./defaultEip.ts";
import { familiesNeeded, familyProblems } from "./families.ts";
import { poolEntries, wantedAddresses } from "./own.ts";
import { peerConflict, peerConfProblems } from "./peers.ts";
import { hasUnknown, type KnownArgs, list, type Problem, record, texts, unknown } from "./problem.ts";

/** Mistakes that only several components of one program show together. Pure; what is not known yet is never a mistake. */

/** One component that the program declares. */
export interface Declaration {
  readonly component: "LoadBalancer" | "Eip" | "BgpConf" | "BgpPeer" | "ExposedService";
  /** The name of the resource. */
  readonly name: string;
  readonly args: KnownArgs;
}

const no = (propertyPath: string, reason: string): Problem[] => [{ propertyPath, reason }];

/** Mistakes of a component that show against those declared before it. */
export function conflicts(it: Declaration, others: readonly Declaration[]): Problem[] {
  const sameName = others.find((other) => other.component === it.component && isSameObject(it, other));
  const named =
    sameName === undefined
      ? []
      : no("name", `"${objectName(it)}" is the name of ${it.component} "${sameName.name}" too; give one of them another name`);
  switch (it.component) {
    case "Eip":
      return [...named, ...eipConflicts(it, others)];
    case "BgpPeer":
      return [
        ...named,
        ...of(others, "BgpPeer").flatMap((other) => peerConflict(it, other)),
        ...defaultConf(others).flatMap((conf) => peerConfProblems(it, conf)),
      ];
    case "BgpConf":
      return named;
    case "ExposedService":
      return [...named, ...serviceConflicts(it, others)];
    case "LoadBalancer":
      return loadBalancerConflicts(it, others);
    default:
      return it.component satisfies never;
  }
}

/** Whether something that a component needs to be judged has not been declared, and may still come. */
export function isWaiting(it: Declaration, others: readonly Declaration[]): boolean {
  if (it.component === "BgpPeer") return it.args["bgpConf"] === undefined && defaultConf(others).length === 0;
  if (it.component !== "ExposedService") return false;
  const { eip } = it.args;
  const wanted = wantedAddresses(it.args);
  const isPoolNeeded = wanted.length > 0 || it.args["externalTrafficPolicy"] === "Local" || familiesNeeded(it.args).length > 0;
  if (typeof eip === "string") return isPoolNeeded && poolNamed(eip, others) === undefined;
  if (eip !== undefined) return false;
  return wanted.length > 0
    ? wanted.some((text) => poolWith(text, others) === undefined)
    : it.args["externalTrafficPolicy"] === "Local" && !of(others, "Eip").some(({ args }) => isDefaultEip(args));
}

/** Mistakes of a component that show in what the program never declares. @param all of the program, when nothing more comes */
export function absences(it: Declaration, all: readonly Declaration[]): Problem[] {
  if (it.component === "BgpPeer") return confAbsence(it, all);
  if (it.component !== "ExposedService" || it.args["eip"] !== undefined) return [];
  const pools = of(all, "Eip").map(poolOf);
  if (pools.length === 0 || pools.some(({ isKnown }) => !isKnown)) return [];
  return wantedAddresses(it.args).flatMap((text) => {
    if (parseAddress(text) === undefined || poolWith(text, all) !== undefined) return [];
    const shown = pools.map(({ name, entries }) => `${name}: ${entries.map((entry) => entry.text).join(", ")}`).join("; ");
    return no(
      "address",
      `"${text}" is in no Eip of this program (${shown}); take an address of one of them, or name the Eip that has it as eip if another program declares it`,
    );
  });
}

/** A pool as far as it is known. */
interface Pool {
  /** The name of the object. */
  readonly name: string | undefined;
  /** The name of the resource, for messages. */
  readonly resource: string;
  readonly entries: readonly { readonly path: string; readonly text: string; readonly ranges: readonly AddressRange[] }[];
  readonly excluded: readonly AddressRange[];
  readonly isKnown: boolean;
  readonly args: KnownArgs;
}

/** Pools by what declares them: each one is compared with all others. */
const pools = new WeakMap<Declaration, Pool>();

function poolOf(declaration: Declaration): Pool {
  const known = pools.get(declaration);
  if (known !== undefined) return known;
  const pool = readPool(declaration);
  pools.set(declaration, pool);
  return pool;
}

function readPool(declaration: Declaration): Pool {
  const { args } = declaration;
  const excluded = rangesOf(texts(args, "exclude"));
  const entries = poolEntries(args);
  const isWellFormed = entries.every(({ text }) => "range" in parseRange(text));
  return {
    name: objectName(declaration),
    resource: declaration.name,
    entries: entries.map((entry) => ({ ...entry, ranges: without(rangesOf([entry]), excluded) })),
    excluded,
    isKnown: isWellFormed && !hasUnknown([args["address"], args["addresses"], args["exclude"]]),
    args,
  };
}

function eipConflicts(it: Declaration, others: readonly Declaration[]): Problem[] {
  const pool = poolOf(it);
  // An exclusion that is not known yet may be the one that makes room.
  if (hasUnknown(it.args["exclude"])) return [];
  const overlaps = of(others, "Eip").flatMap((declaration) => {
    const other = poolOf(declaration);
    if (hasUnknown(other.args["exclude"])) return [];
    const taken = other.entries.flatMap(({ ranges }) => ranges);
    return pool.entries.flatMap(({ path, text, ranges }) => {
      const common = firstShared(ranges, taken);
      return common === undefined
        ? []
        : no(
            path,
            `"${text}" shares ${formatRange(common)} with Eip "${other.resource}"; take them out of one of the two, or put them into its exclude`,
          );
    });
  });
  const second = isDefaultEip(it.args) ? of(others, "Eip").find(({ args }) => isDefaultEip(args)) : undefined;
  return [
    ...overlaps,
    ...of(others, "LoadBalancer").flatMap((loadBalancer) =>
      clusterCidrs(loadBalancer).flatMap(({ what, text, ranges }) =>
        pool.entries.flatMap((entry) => {
          const common = firstShared(entry.ranges, ranges);
          return common === undefined
            ? []
            : no(
                entry.path,
                `"${entry.text}" has ${formatRange(common)} of the ${what} ${text} (LoadBalancer "${loadBalancer.name}"), which Kubernetes gives away itself; take addresses of your own network`,
              );
        }),
      ),
    ),
    ...(second === undefined ? [] : secondDefault(it.args, second.name)),
  ];
}

function loadBalancerConflicts(it: Declaration, others: readonly Declaration[]): Problem[] {
  const [first] = of(others, "LoadBalancer");
  return [
    ...(first === undefined
      ? []
      : no("name", `LoadBalancer "${first.name}" is in this cluster already; one is enough, and two hinder each other`)),
    ...clusterCidrs(it).flatMap(({ path, text, what, ranges }) =>
      of(others, "Eip").flatMap((eip) =>
        poolOf(eip).entries.flatMap((entry) => {
          const common = firstShared(entry.ranges, ranges);
          return common === undefined || hasUnknown(eip.args["exclude"])
            ? []
            : no(
                path,
                `"${text}" is the ${what}, and Eip "${eip.name}" has ${formatRange(common)} of it; give the Eip addresses of your own network`,
              );
        }),
      ),
    ),
  ];
}

function clusterCidrs({ args }: Declaration) {
  const read = (property: string, what: string) =>
    texts(args, property).map(({ path, text }) => ({ path, text, what, ranges: rangesOf([{ text }]) }));
  return [...read("podCidrs", "Pod CIDR"), ...read("serviceCidrs", "Service CIDR")];
}

function serviceConflicts(it: Declaration, others: readonly Declaration[]): Problem[] {
  const { eip } = it.args;
  const named = typeof eip === "string" ? poolNamed(eip, others) : undefined;
  const inPools = wantedAddresses(it.args).flatMap((text): Problem[] => {
    const address = parseAddress(text);
    if (address === undefined || eip === unknown) return [];
    const pool = named ?? (eip === undefined ? poolWith(text, others) : undefined);
    if (pool === undefined) return [];
    const isInside = pool.entries.some(({ ranges }) => firstShared(ranges, [address]) !== undefined);
    if (!isInside && pool.isKnown) {
      const isExcluded = firstShared(rangesOf(pool.entries), [address]) !== undefined;
      return no(
        "address",
        isExcluded
          ? `"${text}" is excluded from Eip "${pool.resource}"; take another address, or take it out of exclude`
          : `"${text}" is not in Eip "${pool.resource}" (${pool.entries.map((entry) => entry.text).join(", ")}); take an address of it, or name another Eip`,
      );
    }
    return isInside && pool.args["disable"] === true
      ? no(
          "address",
          `"${text}" is in Eip "${pool.resource}", which is disabled and gives no address; take an address of another Eip, enable this one, or leave address out: a Service keeps what it holds`,
        )
      : [];
  });
  return [
    ...inPools,
    ...(named === undefined ? [] : familyProblems(it.args, named)),
    ...aggregationProblems(it, others),
    ...of(others, "ExposedService").flatMap((other) => sharingProblems(it, other)),
  ];
}

/** Local policy needs routes that only some nodes announce; an aggregate is announced by all. */
function aggregationProblems(it: Declaration, others: readonly Declaration[]): Problem[] {
  if (it.args["externalTrafficPolicy"] !== "Local") return [];
  const found = poolsOf(it, others).flatMap((pool) =>
    pool === undefined ? [] : aggregatesOf(it, pool).map((length) => ({ resource: pool.resource, length })),
  )[0];
  return found === undefined
    ? []
    : no(
        "externalTrafficPolicy",
        `"Local" cannot be kept with Eip "${found.resource}", which is announced as /${found.length} by every node; take Cluster, or an Eip without aggregation`,
      );
}

/** The pools that the addresses of a Service come from; undefined for one that the program has not declared so far. */
function poolsOf(it: Declaration, others: readonly Declaration[]): (Pool | undefined)[] {
  const { eip } = it.args;
  if (typeof eip === "string") return [poolNamed(eip, others)];
  if (eip !== undefined) return [];
  const wanted = wantedAddresses(it.args);
  return wanted.length > 0 ? wanted.map((text) => poolWith(text, others)) : [defaultPool(others)];
}

/** The lengths of the aggregates that the addresses of a Service would be part of, whichever it gets. */
function aggregatesOf(it: Declaration, pool: Pool): number[] {
  const { protocol, bgp } = pool.args;
  if (!["bgp", "", undefined].includes(protocol as string | undefined)) return [];
  const { aggregationLength, aggregationLengthV6 } = record(bgp);
  const lengthOf = (family: 4 | 6): number | undefined => {
    const [length, full] = family === 4 ? [aggregationLength, 32] : [aggregationLengthV6, 128];
    return typeof length === "number" && length < full ? length : undefined;
  };
  const asked = familiesAsked(it, pool);
  const families = asked ?? [...new Set(pool.entries.flatMap(({ ranges }) => ranges.map(({ family }) => family)))];
  const lengths = families.map(lengthOf);
  // Where the family is the cluster's choice, only what holds for each of them is sure.
  const isSure = asked !== undefined || (pool.isKnown && lengths.every((length) => length !== undefined));
  return isSure ? lengths.flatMap((length) => length ?? []) : [];
}

/** The families that a Service has addresses of a pool of; undefined when that is the cluster's choice, or not known. */
function familiesAsked(it: Declaration, pool: Pool): (4 | 6)[] | undefined {
  const { ipFamilies, ipFamilyPolicy, address } = it.args;
  if (address === unknown || hasUnknown(ipFamilies)) return undefined;
  const wanted = wantedAddresses(it.args).flatMap((text) => parseAddress(text) ?? []);
  const inPool = wanted.filter((one) => pool.entries.some(({ ranges }) => firstShared(ranges, [one]) !== undefined));
  if (wanted.length > 0) return inPool.map(({ family }) => family);
  if (ipFamilyPolicy === "RequireDualStack") return [4, 6];
  const [first, second] = list(ipFamilies).map((one) => (one === "IPv6" ? 6 : 4));
  if (first === undefined) return undefined;
  return second === undefined ? [first] : [first, second];
}

/** The pool of Services that name none, if it surely gets them: one that is bound to namespaces or Services may come before it. */
function defaultPool(declarations: readonly Declaration[]): Pool | undefined {
  const bindings = ["namespaces", "namespaceSelector", "serviceSelectors"];
  const pools = of(declarations, "Eip");
  const found = pools.find(({ args }) => isDefaultEip(args) && args["autoAssign"] !== false);
  const isBypassed = pools.some(({ args }) => bindings.some((binding) => args[binding] !== undefined));
  return found === undefined || isBypassed ? undefined : poolOf(found);
}

/** Why two Services may not be on one address: the controller's rules of sharing. */
function sharingProblems(it: Declaration, other: Declaration): Problem[] {
  const addresses = (declaration: Declaration): AddressRange[] =>
    wantedAddresses(declaration.args).flatMap((text) => parseAddress(text) ?? []);
  const common = firstShared(addresses(it), addresses(other));
  if (common === undefined) return [];
  const address = formatRange(common);
  const who = `ExposedService "${other.name}"`;
  const [key, otherKey] = [it.args["sharingKey"], other.args["sharingKey"]];
  if (key === unknown || otherKey === unknown) return [];
  if (key === undefined || key !== otherKey)
    return no(
      "address",
      `"${address}" is asked for by ${who} too, and they have no sharingKey in common; give both the same one, or one of them another address`,
    );
  const taken = portKeys(other);
  const clash = portKeys(it).findIndex((port) => port !== undefined && taken.includes(port));
  if (clash >= 0)
    return no(
      `ports[${clash}].port`,
      `${portKeys(it)[clash]} of ${address} belongs to ${who} already, which has the same sharingKey; take another port, or another address`,
    );
  const [namespace, otherNamespace] = [it.args["namespace"], other.args["namespace"]];
  if (typeof namespace === "string" && typeof otherNamespace === "string" && namespace !== otherNamespace) {
    const consents = (declaration: Declaration, to: string): boolean =>
      declaration.args["shareWithNamespaces"] === unknown ||
      list(declaration.args["shareWithNamespaces"]).some((one) => one === to || one === unknown);
    if (!consents(it, otherNamespace))
      return no(
        "shareWithNamespaces",
        `does not name ${otherNamespace}, where ${who} is, which shares ${address}; both must name the other's namespace`,
      );
    if (!consents(other, namespace))
      return no(
        "address",
        `"${address}" is shared with ${who}, whose shareWithNamespaces does not name ${namespace}; both must name the other's namespace`,
      );
  }
  const policy = (declaration: Declaration): unknown => declaration.args["externalTrafficPolicy"] ?? "Cluster";
  if (policy(it) === unknown || policy(other) === unknown) return [];
  if (policy(it) !== policy(other))
    return no(
      "externalTrafficPolicy",
      `"${String(policy(it))}" is not that of ${who}, which shares ${address}; both need the same`,
    );
  const selectors = [it.args["selector"], other.args["selector"]];
  if (
    policy(it) === "Local" &&
    selectors.every((selector) => selector !== undefined && !hasUnknown(selector)) &&
    labels(selectors[0]) !== labels(selectors[1])
  )
    return no(
      "selector",
      `${JSON.stringify(selectors[0])} is not that of ${who}, which shares ${address}; with externalTrafficPolicy Local both need the same`,
    );
  return [];
}

function portKeys({ args }: Declaration): (string | undefined)[] {
  return list(args["ports"]).map((item) => {
    const { port, protocol = "TCP" } = record(item);
    return typeof port === "number" && typeof protocol === "string" ? `${port}/${protocol}` : undefined;
  });
}

function labels(selector: unknown): string {
  return JSON.stringify(Object.entries(record(selector)).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function confAbsence(it: Declaration, all: readonly Declaration[]): Problem[] {
  if (it.args["bgpConf"] !== undefined || of(all, "LoadBalancer").some(({ args }) => args["adopt"] === true)) return [];
  const confs = of(all, "BgpConf");
  if (confs.length === 0)
    return no(
      "conf",
      'there is no BgpConf in this program, so the speakers have no AS number; declare one, or say bgpConf: "default" if there is one in the cluster',
    );
  return confs.some((conf) => objectName(conf) === undefined || objectName(conf) === "default")
    ? []
    : no(
        "conf",
        `only the BgpConf named "default" counts, and this program has ${confs.map((conf) => `"${objectName(conf)}"`).join(", ")}; leave its name out`,
      );
}

/** The BgpConf that counts. */
function defaultConf(declarations: readonly Declaration[]): Declaration[] {
  return of(declarations, "BgpConf").filter((conf) => objectName(conf) === "default" || objectName(conf) === undefined);
}

function of(declarations: readonly Declaration[], component: Declaration["component"]): Declaration[] {
  return declarations.filter((declaration) => declaration.component === component);
}

/** The name of the object in the cluster; undefined while it is not known. */
function objectName({ component, name, args }: Declaration): string | undefined {
  const given = args["name"];
  if (given === undefined) return component === "BgpConf" ? "default" : name;
  return typeof given === "string" ? given : undefined;
}

function isSameObject(a: Declaration, b: Declaration): boolean {
  const [namespace, otherNamespace] = [a.args["namespace"], b.args["namespace"]];
  const isOneNamespace =
    a.component !== "ExposedService" ||
    (namespace === otherNamespace && namespace !== unknown && backendNamespace(a) === backendNamespace(b));
  return a.component !== "LoadBalancer" && objectName(a) !== undefined && objectName(a) === objectName(b) && isOneNamespace;
}

/** Services made for a Deployment or another Service take its namespace, which is not an argument. */
function backendNamespace({ args }: Declaration): unknown {
  return args["namespace"] === undefined && args["selector"] === undefined ? Symbol("its own") : args["namespace"];
}

function poolNamed(name: string, declarations: readonly Declaration[]): Pool | undefined {
  const found = of(declarations, "Eip").find((eip) => objectName(eip) === name);
  return found === undefined ? undefined : poolOf(found);
}

function poolWith(text: string, declarations: readonly Declaration[]): Pool | undefined {
  const address = parseAddress(text);
  if (address === undefined) return undefined;
  return of(declarations, "Eip")
    .map(poolOf)
    .find(({ entries }) => entries.some(({ ranges }) => firstShared(ranges, [address]) !== undefined));
}
