import type { AnnouncementFact } from "../announce/announcer.ts";
import { formatAddress } from "../net/address.ts";
import type { Mac } from "../net/mac.ts";
import type { Decision } from "./desired.ts";
import { type ConflictPolicy, contenderKey, type Role } from "./model.ts";

/** What this node is to one address on one interface, for people. Instants are milliseconds since 1970. */
export interface ContenderFact {
  readonly key: string;
  readonly address: string;
  readonly link: string;
  readonly role: Role;
  readonly since: number;
  readonly because: string;
  /** Who owns it as far as this node knows: a node, or an Ethernet address; undefined for itself and for nobody. */
  readonly owner: string | undefined;
  readonly rank: number;
  readonly candidates: number;
  readonly conflict: { readonly mac: Mac; readonly since: number; readonly policy: ConflictPolicy } | undefined;
}

/** What an announcer says of one address: the decision, and what has come of it on each interface. */
export function announcementFact(decision: Decision, facts: ReadonlyMap<string, ContenderFact>): AnnouncementFact {
  const address = formatAddress(decision.address);
  const found = decision.targets.flatMap(({ link }) => facts.get(contenderKey(address, link)) ?? []);
  const owned = found.filter(({ role }) => role === "owner");
  const conflict = found.find((fact) => fact.conflict !== undefined);
  const common = { address, protocol: "layer2" as const, via: owned.map(({ link }) => link) };
  const claimed =
    conflict?.conflict === undefined
      ? {}
      : { conflict: { mac: conflict.conflict.mac, interface: conflict.link, since: conflict.conflict.since } };
  if (owned.length === 0) {
    const because = [...new Set(found.map(roleSentence))].join("; ");
    if (decision.refusal !== undefined)
      return { ...common, isAnnouncing: false, refusal: decision.refusal, because: "", ...claimed };
    return { ...common, isAnnouncing: false, refusal: undefined, because: because || "not looked at yet", ...claimed };
  }
  const because = [
    ...new Set(owned.map((fact) => fact.because)),
    ...(decision.preference === "" ? [] : [`preferred (${decision.preference})`]),
    ...(decision.warning === undefined ? [] : [decision.warning]),
    ...(decision.refusal === undefined ? [] : [`hands it over: ${decision.refusal.message}`]),
  ].join("; ");
  const since = Math.min(...owned.map((fact) => fact.since));
  return { ...common, isAnnouncing: true, refusal: undefined, because, since, ...claimed };
}

function roleSentence({ role, owner, because, link }: ContenderFact): string {
  if (role === "standby") return `stands by for ${owner ?? "nobody"} on ${link}`;
  return role === "waiting" ? because : `${because} on ${link}`;
}
