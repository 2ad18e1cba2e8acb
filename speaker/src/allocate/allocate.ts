import { type Address, type Family, formatAddress, sameAddress } from "../net/address.ts";
import { choiceRules, refusalOf } from "./choose.ts";
import { FreeAddresses } from "./free.ts";
import type { AllocationInput, AllocationResult, Assignment, Grant, Memory, Pool, Refusal, ServiceRequest } from "./model.ts";
import { formatRange, rangesContain } from "./ranges.ts";
import { sharingRefusal } from "./share.ts";

/**
 * Gives every Service its addresses. Level-based: the whole set goes in, the whole set comes out, and a second call with what the
 * first one gave changes nothing. Services that hold addresses are admitted before those that wait, the older first; an address once
 * given stays until its Service is gone, asks for another, or no pool has held it for a whole rest period.
 */
export function allocate(input: AllocationInput): AllocationResult {
  const run = new Run(input);
  const byAge = [...input.services].sort((a, b) => a.createdAt - b.createdAt || (a.key < b.key ? -1 : 1));
  for (const service of byAge) run.admit(service);
  run.settle();
  for (const service of byAge) run.complete(service);
  return run.result();
}

/** One allocation, while it is under way. */
class Run {
  readonly #input: AllocationInput;
  readonly #services: ReadonlyMap<string, ServiceRequest>;
  readonly #users = new Map<string, string[]>();
  readonly #poolOf = new Map<string, string>();
  readonly #grants = new Map<string, Grant[]>();
  readonly #refusals = new Map<string, Refusal>();
  readonly #homelessSince = new Map<string, number>();
  #freedAt = new Map<string, number>();
  #free: FreeAddresses | undefined;

  constructor(input: AllocationInput) {
    this.#input = input;
    this.#services = new Map(input.services.map((service) => [service.key, service]));
  }

  /** Lets a Service keep what it may keep of what it holds. */
  admit(service: ServiceRequest): void {
    for (const address of service.holds) {
      const text = formatAddress(address);
      const pool = this.#holderOf(address);
      if (pool === undefined && !this.#isStillWaitingForItsPool(text)) continue;
      if (!service.families.includes(address.family) || this.#asksForAnother(service, address, pool)) continue;
      if (this.#grantsOf(service).some((grant) => grant.address.family === address.family)) continue;
      if (this.#conflict(service, text) !== undefined) continue;
      this.#give(service, { address, pool: pool?.name ?? "", rule: "held" });
    }
  }

  /** Ends admission: from here on the free addresses are known. Notes what was freed since the last time. */
  settle(): void {
    const { memory, now } = this.#input;
    this.#freedAt = new Map([...memory.freedAt].filter(([text]) => !this.#users.has(text)));
    for (const text of memory.lastUsers.keys())
      if (!this.#users.has(text) && !this.#freedAt.has(text)) this.#freedAt.set(text, now);
    this.#free = new FreeAddresses(this.#users, this.#freedAt, now - this.#input.restPeriod);
  }

  /** Gives a Service what it lacks, if that can be given. */
  complete(service: ServiceRequest): void {
    if (service.problem !== undefined && this.#grantsOf(service).length === 0) {
      this.#refusals.set(service.key, service.problem);
      return;
    }
    for (const wanted of service.addresses) {
      if (this.#grantsOf(service).some((grant) => sameAddress(grant.address, wanted))) continue;
      const outcome = this.#requested(service, wanted);
      if ("reason" in outcome) this.#refuse(service, outcome);
      else this.#exchange(service, outcome);
    }
    if (service.addresses.length > 0) return this.#keepWhatCannotBeExchanged(service);
    const missing = service.families.filter(
      (family) => !this.#grantsOf(service).some((grant) => grant.address.family === family),
    );
    for (const family of missing) {
      const outcome = this.#automatic(service, family);
      if ("reason" in outcome) {
        if (service.needsAllFamilies || this.#grantsOf(service).length === 0) this.#refuse(service, outcome);
      } else this.#exchange(service, outcome);
    }
    if (this.#grantsOf(service).length > 0 && !service.needsAllFamilies) this.#refusals.delete(service.key);
    this.#keepWhatCannotBeExchanged(service);
  }

  result(): AllocationResult {
    const { memory, now, restPeriod, services } = this.#input;
    const assignments = new Map<string, Assignment>(
      services.map((service) => [service.key, { grants: this.#grantsOf(service), refusal: this.#refusals.get(service.key) }]),
    );
    for (const text of this.#users.keys()) this.#freedAt.delete(text);
    const next: Memory = { freedAt: this.#freedAt, lastUsers: this.#users, homelessSince: this.#homelessSince };
    const isWaiting = this.#refusals.size > 0;
    const moments = [
      ...(isWaiting ? [...this.#freedAt.values()] : []),
      ...memory.homelessSince.values(),
      ...this.#homelessSince.values(),
    ]
      .map((at) => at + restPeriod)
      .filter((at) => at > now);
    return {
      assignments,
      users: this.#users,
      poolOf: this.#poolOf,
      memory: next,
      wakeAt: moments.length > 0 ? Math.min(...moments) : undefined,
    };
  }

  #grantsOf(service: ServiceRequest): Grant[] {
    const grants = this.#grants.get(service.key) ?? [];
    this.#grants.set(service.key, grants);
    return grants;
  }

  #give(service: ServiceRequest, grant: Grant): void {
    const text = formatAddress(grant.address);
    this.#grantsOf(service).push(grant);
    this.#users.set(text, [...(this.#users.get(text) ?? []), service.key].sort());
    if (grant.pool !== "") this.#poolOf.set(text, grant.pool);
    this.#free?.taken(text);
  }

  /** Gives a new address in place of one of the same family that the Service held, if any. */
  #exchange(service: ServiceRequest, grant: Grant): void {
    const grants = this.#grantsOf(service);
    const old = grants.findIndex((held) => held.address.family === grant.address.family);
    if (old >= 0) {
      const [removed] = grants.splice(old, 1);
      const text = removed === undefined ? "" : formatAddress(removed.address);
      const others = (this.#users.get(text) ?? []).filter((key) => key !== service.key);
      if (others.length > 0) this.#users.set(text, others);
      else {
        this.#users.delete(text);
        this.#freedAt.set(text, this.#input.now);
      }
    }
    this.#give(service, grant);
  }

  #refuse(service: ServiceRequest, refusal: Refusal): void {
    if (!this.#refusals.has(service.key)) this.#refusals.set(service.key, refusal);
  }

  /** An address that a Service wanted to leave stays with it when the one that it asks for cannot be had. */
  #keepWhatCannotBeExchanged(service: ServiceRequest): void {
    if (!this.#refusals.has(service.key)) return;
    for (const address of service.holds) {
      const text = formatAddress(address);
      const isCovered = this.#grantsOf(service).some((grant) => grant.address.family === address.family);
      const pool = this.#holderOf(address);
      const isGone = pool === undefined && !this.#isStillWaitingForItsPool(text);
      if (isCovered || isGone || !service.families.includes(address.family) || this.#conflict(service, text) !== undefined)
        continue;
      this.#give(service, { address, pool: pool?.name ?? "", rule: "kept" });
    }
  }

  /** The pool that an address belongs to: the one whose ranges hold it, else the one that gave it before it shrank. */
  #holderOf(address: Address): Pool | undefined {
    const usable = this.#input.pools.filter(
      (pool) => pool.refusal?.reason !== "Overlapping" || pool.formerAddresses.has(formatAddress(address)),
    );
    return (
      usable.find((pool) => rangesContain(pool.ranges, address)) ??
      usable.find((pool) => pool.formerAddresses.has(formatAddress(address)))
    );
  }

  #isStillWaitingForItsPool(text: string): boolean {
    const since = this.#input.memory.homelessSince.get(text) ?? this.#input.now;
    this.#homelessSince.set(text, since);
    return this.#input.now - since < this.#input.restPeriod;
  }

  #asksForAnother(service: ServiceRequest, address: Address, pool: Pool | undefined): boolean {
    if (service.addresses.length > 0) return !service.addresses.some((wanted) => sameAddress(wanted, address));
    return service.eip !== undefined && pool !== undefined && pool.name !== service.eip;
  }

  /** Why an address that others use is not for this Service too. */
  #conflict(service: ServiceRequest, text: string): Refusal | undefined {
    for (const key of this.#users.get(text) ?? []) {
      const other = this.#services.get(key);
      const refusal =
        other === undefined || key === service.key
          ? undefined
          : sharingRefusal(service, other, this.#input.sharesUnconditionally);
      if (refusal !== undefined) return refusal;
    }
    return undefined;
  }

  #context(service: ServiceRequest) {
    return {
      namespaceLabels: this.#input.namespaceLabels.get(service.namespace) ?? {},
      usedByNamespace: (pool: Pool): number => {
        const own = `${service.namespace}/`;
        return [...this.#poolOf].filter(
          ([text, name]) => name === pool.name && (this.#users.get(text) ?? []).some((key) => key.startsWith(own)),
        ).length;
      },
    };
  }

  #requested(service: ServiceRequest, wanted: Address): Grant | Refusal {
    const text = formatAddress(wanted);
    const no = (reason: string, message: string): Refusal => ({
      reason,
      message: `${service.addressSource}: ${text} ${message}`,
    });
    if (!service.families.includes(wanted.family))
      return no(
        "WrongFamily",
        `is IPv${wanted.family}, which spec.ipFamilies does not have; add the family or name another address`,
      );
    const pool =
      service.eip === undefined
        ? this.#input.pools.find((candidate) => rangesContain(candidate.ranges, wanted))
        : this.#input.pools.find((candidate) => candidate.name === service.eip);
    if (pool === undefined) {
      return service.eip === undefined
        ? no("AddressOutsideEips", `lies in no Eip; name an address of one (${this.#poolsInShort()}), or none`)
        : this.#noSuchEip(service, service.eip);
    }
    if (!rangesContain(pool.ranges, wanted))
      return no(
        "AddressOutsideEip",
        `is beyond the range of Eip ${pool.name} (${rangesInShort(pool)}); name one of its addresses, or another Eip`,
      );
    const refusal = refusalOf(pool, service, true, this.#context(service));
    if (refusal !== undefined) return no(refusal.reason, `cannot be taken from Eip ${pool.name}: ${refusal.message}`);
    const conflict = this.#conflict(service, text);
    if (conflict !== undefined) return no(conflict.reason, `is ${conflict.message}`);
    return { address: wanted, pool: pool.name, rule: "named address" };
  }

  #noSuchEip(service: ServiceRequest, name: string): Refusal {
    return { reason: "EipNotFound", message: `${service.eipSource}: there is no Eip ${name}; there are ${this.#poolsInShort()}` };
  }

  #poolsInShort(): string {
    const { pools } = this.#input;
    const some = pools.slice(0, 5).map((pool) => `${pool.name} ${rangesInShort(pool)}`);
    return `${some.join(", ") || "none yet"}${pools.length > some.length ? `, and ${pools.length - some.length} more` : ""}`;
  }

  #automatic(service: ServiceRequest, family: Family): Grant | Refusal {
    const considered: string[] = [];
    const reasons: string[] = [];
    const context = this.#context(service);
    for (const rule of choiceRules) {
      for (const pool of rule.propose(service, this.#input.pools, context)) {
        const refusal = refusalOf(pool, service, rule.isExplicit, context);
        const outcome = refusal ?? this.#from(pool, service, family, rule.name);
        if (!("reason" in outcome)) return outcome;
        considered.push(`${pool.name} (${outcome.message})`);
        reasons.push(outcome.reason);
      }
    }
    if (service.eip !== undefined && considered.length === 0) return this.#noSuchEip(service, service.eip);
    if (considered.length === 0) {
      return {
        reason: "NoEip",
        message:
          'no Eip is named by the Service, bound to its namespace, or the default one (annotate an Eip with eip.openelb.kubesphere.io/is-default-eip: "true")',
      };
    }
    return {
      reason: reasons[0] ?? "NoEip",
      message: `no IPv${family} address could be given; Eips considered: ${considered.join(", ")}`,
    };
  }

  #from(pool: Pool, service: ServiceRequest, family: Family, rule: string): Grant | Refusal {
    if (!pool.ranges.some((range) => range.family === family))
      return { reason: "WrongFamily", message: `has no IPv${family} address` };
    if (service.sharingKey !== undefined) {
      for (const [text, name] of this.#poolOf) {
        const shared = name === pool.name && this.#users.has(text) ? this.#addressOf(text, family) : undefined;
        if (shared !== undefined && this.#conflict(service, text) === undefined)
          return { address: shared, pool: pool.name, rule };
      }
    }
    const address = this.#free?.take(pool, family);
    if (address !== undefined) return { address, pool: pool.name, rule };
    const used = [...this.#poolOf].filter(([text, name]) => name === pool.name && this.#users.has(text)).length;
    return {
      reason: "EipFull",
      message: `full, ${used} used${this.#free?.isAnyResting(pool) === true ? ", the rest of it is resting" : ""}`,
    };
  }

  #addressOf(text: string, family: Family): Address | undefined {
    for (const key of this.#users.get(text) ?? []) {
      const grant = this.#grants
        .get(key)
        ?.find((candidate) => candidate.address.family === family && formatAddress(candidate.address) === text);
      if (grant !== undefined) return grant.address;
    }
    return undefined;
  }
}

function rangesInShort(pool: Pool): string {
  const some = pool.ranges.slice(0, 2).map(formatRange);
  return some.length === 0 ? "without a usable address" : `${some.join(" and ")}${pool.ranges.length > 2 ? " and more" : ""}`;
}
