import { formatAddress, parseAddress } from "./addresses.ts";
import { hasUnknown, type KnownArgs, list, type Problem, record } from "./problem.ts";

/** Mistakes that a peer shows against other peers and against the BgpConf. Pure. */

interface Named {
  readonly name: string;
  readonly args: KnownArgs;
}

const no = (propertyPath: string, reason: string): Problem[] => [{ propertyPath, reason }];

/** A peer with the address of another one, on nodes that have that one too. */
export function peerConflict(it: Named, other: Named): Problem[] {
  const [own, its] = [it, other].map(({ args }) => {
    const { neighborAddress, neighborInterface = "", vrf = "", adminDown } = record(args["conf"]);
    const address = typeof neighborAddress === "string" ? parseAddress(neighborAddress) : undefined;
    const { remotePort = 179, bindInterface = "" } = record(args["transport"]);
    const devices = [neighborInterface, vrf, bindInterface];
    return address === undefined || adminDown === true || typeof remotePort !== "number" || hasUnknown(devices)
      ? undefined
      : { text: formatAddress(address.family, address.first), where: [remotePort || 179, ...devices].join() };
  });
  if (own === undefined || its === undefined) return [];
  const isSame = own.text === its.text && own.where === its.where;
  if (!isSame || !surelyMeet(it.args["nodeSelector"], other.args["nodeSelector"])) return [];
  return no(
    "conf.neighborAddress",
    `"${own.text}" is the address of BgpPeer "${other.name}" too, on the same nodes; a node has one session with a router: remove one of them, or give them nodeSelectors that no node fulfils both of`,
  );
}

/** One thing that a selector asks of a node's labels. */
interface Requirement {
  readonly key: string;
  readonly operator: unknown;
  readonly values: readonly string[];
}

function requirements(selector: unknown): Requirement[] {
  const { matchLabels, matchExpressions } = record(selector);
  return [
    ...Object.entries(record(matchLabels)).map(([key, value]) => ({ key, operator: "In", values: [String(value)] })),
    ...list(matchExpressions).map((item) => {
      const { key, operator, values } = record(item);
      return { key: String(key), operator, values: list(values).map(String).sort() };
    }),
  ];
}

/**
 * Whether two selectors meet: every node that fulfils one of them fulfils the other, so they do wherever one of them is used at all; or
 * both name values of the same labels, and have one of each label in common.
 */
function surelyMeet(a: unknown, b: unknown): boolean {
  if (hasUnknown(a) || hasUnknown(b)) return false;
  const [left, right] = [requirements(a), requirements(b)];
  return implies(left, right) || implies(right, left) || haveCommonValues(left, right);
}

function haveCommonValues(left: readonly Requirement[], right: readonly Requirement[]): boolean {
  const both = [...left, ...right];
  const keys = [...new Set(both.map(({ key }) => key))];
  const isNamedByBoth = (key: string): boolean => [left, right].every((side) => side.some((one) => one.key === key));
  return (
    both.every(({ operator }) => operator === "In") &&
    keys.every((key) => {
      const lists = both.filter((one) => one.key === key).map(({ values }) => values);
      return isNamedByBoth(key) && (lists[0] ?? []).some((value) => lists.every((values) => values.includes(value)));
    })
  );
}

function implies(strong: readonly Requirement[], weak: readonly Requirement[]): boolean {
  return weak.every((wanted) => strong.some((given) => isAtLeast(given, wanted)));
}

function isAtLeast(given: Requirement, wanted: Requirement): boolean {
  if (given.key !== wanted.key) return false;
  if (given.operator === "In")
    return (
      wanted.operator === "Exists" ||
      (wanted.operator === "In" && given.values.every((value) => wanted.values.includes(value))) ||
      (wanted.operator === "NotIn" && given.values.every((value) => !wanted.values.includes(value)))
    );
  if (given.operator === "NotIn")
    return wanted.operator === "NotIn" && wanted.values.every((value) => given.values.includes(value));
  return given.operator === wanted.operator || (given.operator === "DoesNotExist" && wanted.operator === "NotIn");
}

/** What a peer says that contradicts the AS number of the speakers. */
export function peerConfProblems(it: Named, conf: Named): Problem[] {
  const { as, asPerRack, listenPort } = conf.args;
  const { peerAs, localAs, peerType } = record(it.args["conf"]);
  if (as === undefined || as === 0)
    return no("conf", `BgpConf "${conf.name}" has no as, so BGP is off; give it the AS number of the speakers`);
  if (listenPort === -1 && record(it.args["transport"])["passiveMode"] === true)
    return no(
      "transport.passiveMode",
      `true waits for the peer, and BgpConf "${conf.name}" listens on no port (listenPort -1); change one of them`,
    );
  const ours = localAs === undefined || localAs === 0 ? as : localAs;
  // Nodes in racks may have other AS numbers.
  if (typeof ours !== "number" || typeof peerAs !== "number" || asPerRack !== undefined) return [];
  const isInternal = ours === peerAs;
  const source = ours === localAs ? "conf.localAs" : `BgpConf "${conf.name}"`;
  if (isInternal && record(it.args["ebgpMultihop"])["enabled"] === true && localAs !== peerAs)
    return no(
      "ebgpMultihop.enabled",
      `true is for external peers, and conf.peerAs ${peerAs} is the speakers' own (${source}); remove it, or correct conf.peerAs`,
    );
  // With an AS of its own, the peer alone shows whether its type is right.
  if (ours === localAs) return [];
  if ((peerType === 0 && !isInternal) || (peerType === 1 && isInternal))
    return no(
      "conf.peerType",
      `${peerType} says ${peerType === 0 ? "internal" : "external"}, but conf.peerAs is ${peerAs} and the speakers are AS ${ours} (${source}); leave it out, it follows from the AS numbers`,
    );
  return [];
}
