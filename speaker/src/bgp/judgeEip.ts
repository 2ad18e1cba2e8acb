import type { BgpPeer } from "@berth/api/bgpPeer";
import type { Eip } from "@berth/api/eip";
import type { HeldAddress, Judgement } from "../announce/judge.ts";
import type { AddressSpan } from "../announce/view.ts";
import { bitsOf, parseAddress } from "../net/address.ts";
import { formatPrefix } from "../net/prefix.ts";
import { aggregateOf, judgeAggregate } from "./decide.ts";

/** So many addresses are named in one sentence. */
const shown = 3;

const lengths = [
  ["aggregationLength", 4],
  ["aggregationLengthV6", 6],
] as const;

/** What of an Eip's `bgp` cannot be done as it is written, with the addresses that are in use now. */
export function judgeEip(
  { spec }: Eip,
  pool: readonly AddressSpan[],
  held: readonly HeldAddress[],
  peers: readonly BgpPeer[],
): Judgement {
  const { bgp } = spec;
  if (bgp === undefined) return { refusal: undefined, notes: [] };
  const families = new Set(pool.map(({ family }) => family));
  const names = new Set(peers.map(({ metadata }) => metadata.name));
  const missing = (bgp.peers ?? []).filter((name) => !names.has(name));
  const alone = new Map<string, string[]>();
  for (const { address: text, localOnly, services } of held) {
    const address = parseAddress(text);
    const aggregate = address === undefined ? undefined : aggregateOf(address, bgp);
    if (address === undefined || aggregate === undefined) continue;
    const problem = judgeAggregate(aggregate, localOnly, pool);
    if (problem === undefined) continue;
    const whose = problem.reason === "LocalTrafficPolicy" ? ` (${services.join(", ")})` : "";
    const list = alone.get(problem.reason) ?? [];
    list.push(`${text}/${bitsOf(address.family)}${whose} instead of ${formatPrefix(aggregate)}`);
    alone.set(problem.reason, list);
  }
  const sentence = (reason: string): string => {
    const list = alone.get(reason) ?? [];
    return `${list.slice(0, shown).join(", ")}${list.length > shown ? ` and ${list.length - shown} more` : ""}`;
  };
  const deaggregated = alone.has("OutsidePool")
    ? `spec.bgp.aggregationLength: announced on their own are ${sentence("OutsidePool")}: the network is not wholly in the pool, and routers would send what is not ours; use a longer aggregationLength, or put the whole network into the pool`
    : alone.has("LocalTrafficPolicy")
      ? `spec.bgp.aggregationLength: announced on their own are ${sentence("LocalTrafficPolicy")}: externalTrafficPolicy is Local, and nodes without an endpoint would drop what the network brings them`
      : undefined;
  const refusal =
    deaggregated === undefined
      ? undefined
      : { reason: alone.has("OutsidePool") ? "OutsidePool" : "LocalTrafficPolicy", message: deaggregated };
  return {
    refusal,
    notes: [
      ...(missing.length === 0
        ? []
        : [`spec.bgp.peers: there is no BgpPeer ${missing.map((name) => `"${name}"`).join(", ")}; the others get the routes`]),
      ...(bgp.peers?.length === 0 ? ["spec.bgp.peers is an empty list: nobody gets the routes; leave it out for all peers"] : []),
      ...lengths.flatMap(([field, family]) =>
        bgp[field] === undefined || families.size === 0 || families.has(family)
          ? []
          : [`spec.bgp.${field} has no effect: the pool has no IPv${family} addresses`],
      ),
    ],
  };
}
