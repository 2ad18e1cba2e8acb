import type { Address, Family } from "../net/address.ts";
import type { ServiceRequest } from "./model.ts";

/** Who uses which address, during one allocation, and the counts that the rules ask for. Addresses are text. */
export class Usage {
  readonly users = new Map<string, readonly string[]>();
  readonly poolOf = new Map<string, string>();
  readonly #counts = new Map<string, number>();
  /** Pool and namespace → address → how many Services of the namespace use it. */
  readonly #byNamespace = new Map<string, Map<string, number>>();
  /** Pool and sharing key → address → how many Services with the key use it. */
  readonly #byKey = new Map<string, Map<string, { readonly address: Address; readonly count: number }>>();

  /**
   * @param pool "" when no pool has it
   * @param isInside whether the pool has it still: one that shrank may have lost it
   */
  add(service: ServiceRequest, pool: string, address: Address, text: string, isInside: boolean): void {
    const before = this.users.get(text);
    this.users.set(text, before === undefined ? [service.key] : [...before, service.key].sort());
    if (pool === "") return;
    if (!this.poolOf.has(text)) {
      this.poolOf.set(text, pool);
      if (isInside) this.#counts.set(`${pool} ${address.family}`, this.countOf(pool, address.family) + 1);
    }
    const inNamespace = entry(this.#byNamespace, `${pool} ${service.namespace}`, () => new Map());
    inNamespace.set(text, (inNamespace.get(text) ?? 0) + 1);
    if (service.sharingKey === undefined) return;
    const withKey = entry(this.#byKey, `${pool} ${service.sharingKey}`, () => new Map());
    withKey.set(text, { address, count: (withKey.get(text)?.count ?? 0) + 1 });
  }

  remove(service: ServiceRequest, pool: string, address: Address, text: string, isInside: boolean): void {
    const others = (this.users.get(text) ?? []).filter((key) => key !== service.key);
    if (others.length > 0) this.users.set(text, others);
    else this.users.delete(text);
    if (pool !== "") {
      if (others.length === 0 && this.poolOf.delete(text) && isInside)
        this.#counts.set(`${pool} ${address.family}`, this.countOf(pool, address.family) - 1);
      const inNamespace = this.#byNamespace.get(`${pool} ${service.namespace}`);
      lower(inNamespace, text, inNamespace?.get(text) ?? 0, (count) => count);
      const withKey = this.#byKey.get(`${pool} ${service.sharingKey}`);
      const shared = withKey?.get(text);
      if (shared !== undefined) lower(withKey, text, shared.count, (count) => ({ ...shared, count }));
    }
  }

  /** How many of the addresses that a pool has are in use. */
  countOf(pool: string, family: Family): number {
    return this.#counts.get(`${pool} ${family}`) ?? 0;
  }

  /** How many addresses of a pool the Services of a namespace use. */
  countOfNamespace(pool: string, namespace: string): number {
    return this.#byNamespace.get(`${pool} ${namespace}`)?.size ?? 0;
  }

  isUsedByNamespace(pool: string, namespace: string, text: string): boolean {
    return this.#byNamespace.get(`${pool} ${namespace}`)?.has(text) ?? false;
  }

  /** The addresses of a pool that Services with this sharing key use. */
  sharedUnder(pool: string, key: string): readonly (readonly [text: string, address: Address])[] {
    return [...(this.#byKey.get(`${pool} ${key}`) ?? [])].map(([text, { address }]) => [text, address]);
  }
}

function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const made = map.get(key) ?? make();
  map.set(key, made);
  return made;
}

function lower<V>(map: Map<string, V> | undefined, key: string, count: number, make: (count: number) => V): void {
  if (count > 1) map?.set(key, make(count - 1));
  else map?.delete(key);
}
