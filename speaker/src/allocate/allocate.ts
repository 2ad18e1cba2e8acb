import { type Address, type Family, formatAddress, parseAddress, sameAddress } from "../net/address.ts";
import { type ChoiceContext, choiceRules, quotaRefusal, refusalOf, type Want } from "./choose.ts";
import { FreeAddresses } from "./free.ts";
import { freedAddresses, heldLast } from "./memory.ts";
import type {
  AllocationInput,
  AllocationResult,
  Assignment,
  Grant,
  Memory,
  Pool,
  PoolRefusal,
  Refusal,
  ServiceRequest,
} from "./model.ts";
import { Pools, poolHas, poolSize } from "./pool.ts";
import { nothingProposed, outsideEveryPool, outsidePool, poolsConsidered, wrongFamily } from "./refusals.ts";
import { type Clash, sharingRefusal, sharingTerms } from "./share.ts";
import { Usage } from "./usage.ts";

/**
 * Gives every Service its addresses. Level-based: the whole set goes in, the whole set comes out, and a second call with what the
 * first one gave changes nothing. Services that hold addresses are admitted before those that wait, the older first; an address once
 * given stays until its Service is gone, gets another that it asked for, or no pool has known it for a whole rest period.
 */
export function allocate(input: AllocationInput): AllocationResult {
  const run = new Run(input);
  const byAge = [...input.services].sort((a, b) => a.createdAt - b.createdAt || (a.key < b.key ? -1 : 1));
  run.admit(byAge);
  run.settle();
  run.moveTogether(byAge);
  run.completeAll(byAge);
  return run.result();
}

const texts = new WeakMap<Address, string>();

/** The text of an address, made once: whoever keeps its requests from one allocation to the next pays for it once. */
function textOf(address: Address): string {
  const known = texts.get(address);
  if (known !== undefined) return known;
  const text = formatAddress(address);
  texts.set(address, text);
  return text;
}

/** Always in the order of the Service's families, however they came about: another order would be another status. */
function inFamilyOrder({ families }: ServiceRequest, grants: readonly Grant[]): readonly Grant[] {
  return [...grants].sort((a, b) => families.indexOf(a.address.family) - families.indexOf(b.address.family));
}

/** What a try gave: an address, or why not. */
type Outcome = { readonly grant: Grant } | { readonly refusal: Refusal };

/** One allocation, while it is under way. */
class Run {
  readonly #input: AllocationInput;
  readonly #services: ReadonlyMap<string, ServiceRequest>;
  readonly #pools: Pools;
  readonly #usage = new Usage();
  readonly #grants = new Map<string, readonly Grant[]>();
  readonly #refusals = new Map<string, Refusal>();
  readonly #homelessSince = new Map<string, number>();
  /** Whether an address has become free since this was last asked. */
  #hasFreed = false;
  #freedAt = new Map<string, number>();
  #free: FreeAddresses;
  #lastHeld: ReadonlyMap<string, readonly string[]> | undefined;

  constructor(input: AllocationInput) {
    this.#input = input;
    this.#services = new Map(input.services.map((service) => [service.key, service]));
    this.#pools = new Pools(input.pools);
    this.#free = new FreeAddresses(this.#usage.users, this.#freedAt, 0);
  }

  /** Lets every Service keep what it may keep of what it holds. Of those that cannot stay together, who changed its terms leaves first. */
  admit(byAge: readonly ServiceRequest[]): void {
    const holders = new Map<string, number>();
    for (const { holds } of byAge)
      for (const address of holds) {
        const text = textOf(address);
        holders.set(text, (holders.get(text) ?? 0) + 1);
      }
    const hasChanged = (service: ServiceRequest): boolean => {
      const terms = this.#input.memory.terms.get(service.key);
      const isShared = service.holds.some((address) => (holders.get(textOf(address)) ?? 0) > 1);
      return isShared && terms !== undefined && terms !== sharingTerms(service);
    };
    const changed = new Set(byAge.filter(hasChanged));
    for (const service of byAge) if (!changed.has(service)) this.#admitOne(service);
    for (const service of changed) this.#admitOne(service);
  }

  /** Ends admission: from here on the free addresses are known. Notes what was freed since the last time. */
  settle(): void {
    const { memory, now, restPeriod } = this.#input;
    this.#freedAt = freedAddresses(memory, this.#usage.users, now);
    this.#free = new FreeAddresses(this.#usage.users, this.#freedAt, now - restPeriod);
  }

  /** Lets Services that hold addresses and name others go there, those at the same time that wait for each other: swaps, chains. */
  moveTogether(byAge: readonly ServiceRequest[]): void {
    let movers = byAge.filter((service) => this.#grantsOf(service).length > 0 && this.#unmet(service).length > 0);
    for (;;) {
      const before = new Map(movers.map((service) => [service, this.#grantsOf(service)]));
      for (const service of movers) for (const wanted of this.#unmet(service)) this.#vacate(service, wanted.family);
      const failed = new Set(
        movers.filter((service) =>
          this.#unmet(service).some((wanted) => {
            const outcome = this.#requested(service, wanted);
            if ("grant" in outcome) this.#give(service, outcome.grant);
            return "refusal" in outcome;
          }),
        ),
      );
      if (failed.size === 0) {
        for (const grants of before.values()) this.#noteFreed(grants);
        return;
      }
      for (const service of movers) for (const grant of this.#grantsOf(service)) this.#take(service, grant);
      for (const [service, grants] of before) for (const grant of grants) this.#give(service, grant);
      movers = movers.filter((service) => !failed.has(service));
    }
  }

  /**
   * Gives the Services what they lack, the older first. Who moves makes room for one that was refused before it, so that is asked again;
   * it ends, for a Service moves only to where it asked to be.
   */
  completeAll(byAge: readonly ServiceRequest[]): void {
    do {
      this.#hasFreed = false;
      this.#refusals.clear();
      for (const service of byAge) this.#complete(service);
    } while (this.#hasFreed);
  }

  result(): AllocationResult {
    const { memory, now, restPeriod, services } = this.#input;
    const assignments = new Map<string, Assignment>(
      services.map((service) => {
        const [grants, refusal] = [inFamilyOrder(service, this.#grantsOf(service)), this.#refusals.get(service.key)];
        const isLacking = (family: Family): boolean => !grants.some((grant) => grant.address.family === family);
        return [service.key, { grants, refusal, missing: refusal === undefined ? service.families.filter(isLacking) : [] }];
      }),
    );
    const { users, poolOf } = this.#usage;
    for (const text of users.keys()) this.#freedAt.delete(text);
    const next: Memory = { freedAt: this.#freedAt, lastUsers: users, homelessSince: this.#homelessSince, terms: this.#terms() };
    const isWaiting = this.#refusals.size > 0;
    let wakeAt = Number.POSITIVE_INFINITY;
    for (const moments of [isWaiting ? this.#freedAt : [], memory.homelessSince, this.#homelessSince])
      for (const [, at] of moments) if (at + restPeriod > now) wakeAt = Math.min(wakeAt, at + restPeriod);
    return { assignments, users, poolOf, memory: next, wakeAt: Number.isFinite(wakeAt) ? wakeAt : undefined };
  }

  /** Gives a Service what it lacks, if that can be given. What it has meanwhile stays with it. */
  #complete(service: ServiceRequest): void {
    if (service.problem !== undefined) {
      this.#refusals.set(service.key, service.problem);
      return;
    }
    const isNew = this.#grantsOf(service).length === 0;
    const refuse = (refusal: Refusal | undefined): void => {
      if (refusal !== undefined && !this.#refusals.has(service.key)) this.#refusals.set(service.key, refusal);
    };
    for (const wanted of this.#unmet(service))
      refuse(this.#replace(service, wanted.family, () => this.#requested(service, wanted)));
    let spared: Refusal | undefined;
    for (const family of service.families) {
      if (service.addresses.some((wanted) => wanted.family === family)) continue;
      const held = this.#grantsOf(service).find((grant) => grant.address.family === family);
      if (held !== undefined && (service.eip === undefined || held.pool === service.eip)) continue;
      const refusal = this.#replace(service, family, () => this.#automatic(service, family));
      if (service.needsAllFamilies || held !== undefined) refuse(refusal);
      else spared ??= refusal;
    }
    if (this.#grantsOf(service).length === 0) refuse(spared);
    if (isNew && service.needsAllFamilies && this.#refusals.has(service.key))
      for (const grant of this.#grantsOf(service)) this.#take(service, grant);
  }

  #admitOne(service: ServiceRequest): void {
    for (const address of service.holds) {
      const text = textOf(address);
      const pool = this.#usage.poolOf.get(text) ?? this.#pools.holderOf(service, address, text)?.name;
      if (pool === undefined && !this.#isStillWaitingForItsPool(text)) continue;
      if (!service.families.includes(address.family)) continue;
      if (this.#grantsOf(service).some((grant) => grant.address.family === address.family)) continue;
      if (this.#conflict(service, text) !== undefined) continue;
      const lostPool = pool === undefined ? service.givenBy.get(text) : undefined;
      this.#give(service, { address, pool: pool ?? "", lostPool, rule: undefined });
    }
  }

  #terms(): Map<string, string> {
    const shared = [...this.#usage.users.values()].filter((keys) => keys.length > 1).flat();
    return new Map(
      shared.flatMap((key): [string, string][] => {
        const service = this.#services.get(key);
        return service === undefined ? [] : [[key, sharingTerms(service)]];
      }),
    );
  }

  #grantsOf(service: ServiceRequest): readonly Grant[] {
    return this.#grants.get(service.key) ?? [];
  }

  /** The addresses that a Service names and does not have. */
  #unmet(service: ServiceRequest): readonly Address[] {
    return service.addresses.filter((wanted) => !this.#grantsOf(service).some((grant) => sameAddress(grant.address, wanted)));
  }

  #give(service: ServiceRequest, grant: Grant): void {
    this.#grants.set(service.key, [...this.#grantsOf(service), grant]);
    this.#usage.add(service, grant.pool, grant.address, textOf(grant.address), this.#isInside(grant));
  }

  #take(service: ServiceRequest, grant: Grant): void {
    this.#grants.set(
      service.key,
      this.#grantsOf(service).filter((one) => one !== grant),
    );
    this.#usage.remove(service, grant.pool, grant.address, textOf(grant.address), this.#isInside(grant));
  }

  #isInside(grant: Grant): boolean {
    const pool = this.#pools.named(grant.pool);
    return pool !== undefined && poolHas(pool, grant.address);
  }

  /** Takes what a Service has of a family. @returns what it was, for giving it back */
  #vacate(service: ServiceRequest, family: Family): Grant | undefined {
    const old = this.#grantsOf(service).find((grant) => grant.address.family === family);
    if (old !== undefined) this.#take(service, old);
    return old;
  }

  #noteFreed(grants: readonly Grant[]): void {
    for (const { address } of grants) {
      const text = textOf(address);
      if (this.#usage.users.has(text)) continue;
      this.#freedAt.set(text, this.#input.now);
      this.#hasFreed = true;
    }
  }

  /** Gives an address in place of what the Service has of that family, if any. @returns why not; then it keeps what it has */
  #replace(service: ServiceRequest, family: Family, attempt: () => Outcome): Refusal | undefined {
    const old = this.#vacate(service, family);
    const outcome = attempt();
    if ("grant" in outcome) {
      this.#give(service, outcome.grant);
      if (old !== undefined) this.#noteFreed([old]);
      return undefined;
    }
    if (old !== undefined) this.#give(service, old);
    return outcome.refusal;
  }

  #isStillWaitingForItsPool(text: string): boolean {
    const since = this.#input.memory.homelessSince.get(text) ?? this.#input.now;
    this.#homelessSince.set(text, since);
    return this.#input.now - since < this.#input.restPeriod;
  }

  /** Why an address that others use is not for this Service too. */
  #conflict(service: ServiceRequest, text: string, isAutomatic = false): Refusal | undefined {
    for (const key of this.#usage.users.get(text) ?? []) {
      const other = this.#services.get(key);
      if (other === undefined || key === service.key) continue;
      const refusal = sharingRefusal(service, other, this.#input.sharesUnconditionally && !isAutomatic);
      if (refusal !== undefined) return refusal;
    }
    return undefined;
  }

  #context(service: ServiceRequest): ChoiceContext {
    return { namespaceLabels: this.#input.namespaceLabels.get(service.namespace) ?? {} };
  }

  /** Why a Service may not take an address from a pool because its namespace has what it may have. */
  #quota(service: ServiceRequest, pool: Pool, text: string | undefined): PoolRefusal | undefined {
    if (text !== undefined && this.#usage.isUsedByNamespace(pool.name, service.namespace, text)) return undefined;
    return quotaRefusal(pool, service.namespace, this.#usage.countOfNamespace(pool.name, service.namespace));
  }

  #requested(service: ServiceRequest, address: Address): Outcome {
    const text = textOf(address);
    const subject = `${service.addressSource}: ${text}`;
    const no = (reason: string, message: string, remedy?: string): Outcome => ({
      refusal: { reason, message: `${subject} ${message}`, remedy },
    });
    const { family } = address;
    if (!service.families.includes(family)) return { refusal: wrongFamily(subject, family) };
    const want: Want = { service, family, address };
    const context = this.#context(service);
    for (const rule of choiceRules) {
      for (const pool of rule.propose(want, this.#pools.list, context)) {
        if (!poolHas(pool, address) && pool.refusal?.reason !== "Invalid")
          return { refusal: outsidePool(subject, pool, address) };
        const refusal = refusalOf(pool, want, rule.isExplicit, context) ?? this.#quota(service, pool, text);
        if (refusal !== undefined) return no(refusal.reason, `cannot be given: ${refusal.message}`, refusal.remedy);
        const conflict = this.#conflict(service, text);
        if (conflict !== undefined)
          return no(conflict.reason, `is ${conflict.message}`, `${conflict.remedy}; or name another address`);
        return { grant: { address, pool: pool.name, rule: rule.name } };
      }
    }
    return { refusal: service.eip === undefined ? outsideEveryPool(subject, this.#pools.list) : this.#nothing(service) };
  }

  #automatic(service: ServiceRequest, family: Family): Outcome {
    const considered: { readonly pool: Pool; readonly refusal: PoolRefusal }[] = [];
    const want: Want = { service, family, address: undefined };
    const context = this.#context(service);
    for (const rule of choiceRules) {
      for (const pool of rule.propose(want, this.#pools.list, context)) {
        if (considered.some((one) => one.pool === pool)) continue;
        const outcome = refusalOf(pool, want, rule.isExplicit, context) ?? this.#from(pool, service, family);
        if (!("reason" in outcome)) return { grant: { address: outcome, pool: pool.name, rule: rule.name } };
        considered.push({ pool, refusal: outcome });
      }
    }
    if (considered.length === 0) return { refusal: this.#nothing(service) };
    return { refusal: poolsConsidered(service, family, considered, this.#pools.list, context) };
  }

  #nothing(service: ServiceRequest): Refusal {
    return nothingProposed(service, this.#pools.list, this.#context(service));
  }

  /** An address of a pool that anybody may have: one that the Service may share, else a free one. */
  #from(pool: Pool, service: ServiceRequest, family: Family): Address | PoolRefusal {
    const last = this.#hadLast(pool, service, family);
    if (last !== undefined) return last;
    if (service.sharingKey !== undefined)
      for (const [text, address] of this.#usage.sharedUnder(pool.name, service.sharingKey))
        if (
          address.family === family &&
          this.#conflict(service, text, true) === undefined &&
          this.#quota(service, pool, text) === undefined &&
          poolHas(pool, address)
        )
          return address;
    const quota = this.#quota(service, pool, undefined);
    if (quota !== undefined) return quota;
    const address = this.#free.take(pool, family);
    if (address !== undefined) return address;
    const resting = this.#free.restingIn(pool, family);
    const isMixed = pool.ranges.some((range) => range.family !== family);
    const counts = `${this.#usage.countOf(pool.name, family)} of ${poolSize(pool, family)}${isMixed ? ` IPv${family} addresses` : ""} used${resting > 0 ? `, ${resting} resting` : ""}`;
    const sharing = service.sharingKey === undefined ? undefined : this.#whyNotShared(pool, service.sharingKey, service, family);
    const message = `Eip ${pool.name} is full (${counts}${sharing === undefined ? "" : `; ${sharing.message}`})`;
    return { reason: "EipFull", message, short: "full", remedy: sharing?.remedy };
  }

  /**
   * What a Service had at the last look, where its ledger is empty now, so that somebody else emptied it: it comes back. Undefined where
   * that is not so, or it may not have the address any more.
   */
  #hadLast(pool: Pool, service: ServiceRequest, family: Family): Address | undefined {
    if (service.holds.length > 0) return undefined;
    this.#lastHeld ??= heldLast(this.#input.memory);
    for (const text of this.#lastHeld.get(service.key) ?? []) {
      const address = parseAddress(text);
      if (address?.family !== family || !poolHas(pool, address)) continue;
      if (this.#conflict(service, text, true) ?? this.#quota(service, pool, text)) continue;
      return address;
    }
    return undefined;
  }

  /** Why a Service that would share an address of a pool shares none of them. */
  #whyNotShared(pool: Pool, key: string, service: ServiceRequest, family: Family): Clash {
    for (const [text, address] of this.#usage.sharedUnder(pool.name, key)) {
      const conflict = address.family === family ? this.#conflict(service, text, true) : undefined;
      if (conflict !== undefined)
        return {
          message: `${text} is ${conflict.message}`,
          remedy: `${conflict.remedy}; or add addresses to spec.addresses of Eip ${pool.name}`,
        };
    }
    return {
      message: `no Service with an address of it has the sharing key "${key}"`,
      remedy: `give a Service with an address of Eip ${pool.name} the annotation berth.dev/sharing-key: "${key}" too, or add addresses to spec.addresses of the Eip`,
    };
  }
}
