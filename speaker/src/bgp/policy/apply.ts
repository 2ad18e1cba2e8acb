import { type Address, bitsOf } from "../../net/address.ts";
import { type Prefix, prefixContains } from "../../net/prefix.ts";
import type { PathAttributes } from "../ribOut.ts";
import type { Action, Condition, Edit, Policy } from "./model.ts";

/** What became of a route: its attributes, or undefined when it was rejected; and which steps applied, so that equal traces of equal attributes are equal. */
export interface Applied {
  readonly attributes: PathAttributes | undefined;
  readonly trace: string;
}

/** Runs a policy over one route. Pure. @param self the next hop that "self" stands for */
export function applyPolicy(policy: Policy, prefix: Prefix, attributes: PathAttributes, peer: Address, self: Address): Applied {
  let current = attributes;
  const trace: number[] = [];
  let number = 0;
  for (const stage of policy.stages) {
    let verdict = stage.otherwise;
    let isDecided = false;
    for (const step of stage.steps) {
      number++;
      if (isDecided || !step.conditions.every((condition) => holds(condition, prefix, current, peer))) continue;
      trace.push(number);
      for (const action of step.actions) current = act(action, current, self);
      if (step.disposition === undefined) continue;
      verdict = step.disposition;
      isDecided = true;
    }
    if (verdict === "reject") return { attributes: undefined, trace: trace.join(",") };
  }
  return { attributes: current, trace: trace.join(",") };
}

function holds(condition: Condition, prefix: Prefix, attributes: PathAttributes, peer: Address): boolean {
  switch (condition.type) {
    case "prefix": {
      const isIn = condition.ranges.some(
        (range) =>
          prefix.length >= range.shortest &&
          prefix.length <= range.longest &&
          prefix.length >= range.prefix.length &&
          prefixContains(range.prefix, prefix.address),
      );
      return isIn !== condition.isInverted;
    }
    case "neighbor":
      return condition.networks.some((network) => prefixContains(network, peer)) !== condition.isInverted;
    case "community": {
      const has = (community: number): boolean => attributes.communities?.includes(community) ?? false;
      if (condition.match === "all") return condition.communities.every(has);
      return condition.communities.some(has) !== (condition.match === "invert");
    }
    default:
      return condition satisfies never;
  }
}

function act(action: Action, attributes: PathAttributes, self: Address): PathAttributes {
  switch (action.type) {
    case "med": {
      const value = action.isRelative ? (attributes.med ?? 0) + action.value : action.value;
      return { ...attributes, med: Math.min(Math.max(value, 0), 0xffffffff) };
    }
    case "localPref":
      return attributes.localPref === undefined ? attributes : { ...attributes, localPref: action.value };
    case "prepend": {
      const as = action.as === "last" ? attributes.asPath[0] : action.as;
      if (as === undefined) return attributes;
      return { ...attributes, asPath: [...Array<typeof as>(action.count).fill(as), ...attributes.asPath] };
    }
    case "nextHopSelf":
      return bitsOf(self.family) === bitsOf(attributes.nextHop.family) ? { ...attributes, nextHop: self } : attributes;
    case "communities": {
      const communities = edited(action.edit, attributes.communities ?? [], action.values).sort((a, b) => a - b);
      return { ...attributes, communities };
    }
    case "largeCommunities":
      return { ...attributes, largeCommunities: edited(action.edit, attributes.largeCommunities ?? [], action.values) };
    default:
      return action satisfies never;
  }
}

function edited<T>(edit: Edit, before: readonly T[], values: readonly T[]): T[] {
  const isIn = (list: readonly T[], one: T): boolean => list.some((other) => String(other) === String(one));
  if (edit === "replace") return [...values];
  if (edit === "remove") return before.filter((one) => !isIn(values, one));
  return [...before, ...values.filter((one) => !isIn(before, one))];
}
