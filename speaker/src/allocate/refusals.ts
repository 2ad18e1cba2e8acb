import type { Address, Family } from "../net/address.ts";
import { type ChoiceContext, whyNotProposed } from "./choose.ts";
import type { Pool, PoolRefusal, Refusal, ServiceRequest } from "./model.ts";
import { isBuggy } from "./pool.ts";
import { formatRange, rangesContain } from "./ranges.ts";

/** The sentences of refusals: each names the field or the pools, the value, and what would help. */

/** The most pools that a sentence names. */
const poolsNamed = 8;

/** @param subject field and value, as the start of the sentence */
export function wrongFamily(subject: string, family: Family): Refusal {
  return {
    reason: "WrongFamily",
    message: `${subject} is IPv${family}, which spec.ipFamilies does not have; add the family or name another address`,
    remedy: `name an address of a family that spec.ipFamilies has, or add IPv${family} there, with spec.ipFamilyPolicy RequireDualStack`,
  };
}

export function outsideEveryPool(subject: string, pools: readonly Pool[]): Refusal {
  return {
    reason: "AddressOutsideEips",
    message: `${subject} lies in no Eip; name an address of one (${poolsInShort(pools)}), or none`,
  };
}

export function outsidePool(subject: string, pool: Pool, address: Address): Refusal {
  const message =
    rangesContain(pool.ranges, address) && isBuggy(address)
      ? `is never given by Eip ${pool.name}, which avoids addresses that end in .0 and .255 (spec.avoidBuggyIPs, spec.usingKnownIPs)`
      : `is beyond the range of Eip ${pool.name} (${rangesInShort(pool)})`;
  return { reason: "AddressOutsideEip", message: `${subject} ${message}; name another of its addresses, or another Eip` };
}

/** Every pool that was asked said no. The first one's reason is the reason. */
export function poolsConsidered(
  service: ServiceRequest,
  family: Family,
  considered: readonly { readonly pool: Pool; readonly refusal: PoolRefusal }[],
  all: readonly Pool[],
  context: ChoiceContext,
): Refusal {
  const [first] = considered;
  const others = service.eip === undefined ? all.filter((pool) => !considered.some((one) => one.pool === pool)) : [];
  const list = [
    ...considered.map(({ pool, refusal }) => `${pool.name} (${refusal.short})`),
    ...others.map((pool) => `${pool.name} (${whyNotProposed(pool, service, context)})`),
  ];
  const prefix = service.families.length > 1 ? `no IPv${family} address: ` : "";
  return {
    reason: first?.refusal.reason ?? "NoEip",
    message: `${prefix}${first?.refusal.message}; pools considered: ${some(list)}${remedyFor(first?.refusal.reason)}`,
    remedy: first?.refusal.remedy,
  };
}

/** No rule proposes any pool. */
export function nothingProposed(service: ServiceRequest, all: readonly Pool[], context: ChoiceContext): Refusal {
  if (service.eip !== undefined)
    return {
      reason: "EipNotFound",
      message: `${service.eipSource}: there is no Eip ${service.eip}; there are ${poolsInShort(all)}`,
    };
  const list = all.map((pool) => `${pool.name} (${whyNotProposed(pool, service, context)})`);
  return {
    reason: "NoEip",
    message: `no Eip is named by the Service, bound to namespace ${service.namespace}, or the default one; pools considered: ${list.length === 0 ? "none, there is no Eip" : some(list)}; name an Eip, bind one, or annotate one with eip.openelb.kubesphere.io/is-default-eip: "true"`,
  };
}

function remedyFor(reason: string | undefined): string {
  switch (reason) {
    case "EipFull":
      return "; add addresses to an Eip, or free some";
    case "QuotaExceeded":
      return "; raise the limit, or free an address of the namespace";
    case "Disabled":
      return "; set its spec.disable to false, or name another Eip";
    case "OnlyOnRequest":
    case "NamespaceNotAllowed":
    case "WrongFamily":
      return "; name or bind another Eip";
    default:
      return "";
  }
}

function some(list: readonly string[]): string {
  const more = list.length - poolsNamed;
  return `${list.slice(0, poolsNamed).join(", ")}${more > 0 ? `, and ${more} more` : ""}`;
}

function poolsInShort(pools: readonly Pool[]): string {
  return pools.length === 0 ? "none yet" : some(pools.map((pool) => `${pool.name} ${rangesInShort(pool)}`));
}

function rangesInShort(pool: Pool): string {
  const first = pool.ranges.slice(0, 2).map(formatRange);
  return first.length === 0 ? "without a usable address" : `${first.join(" and ")}${pool.ranges.length > 2 ? " and more" : ""}`;
}
