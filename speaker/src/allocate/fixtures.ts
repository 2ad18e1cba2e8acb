import { type Address, formatAddress, parseAddress } from "../net/address.ts";
import { allocate } from "./allocate.ts";
import {
  type AllocationInput,
  type AllocationResult,
  emptyMemory,
  type Memory,
  type Pool,
  type ServiceRequest,
} from "./model.ts";
import { parsePool } from "./ranges.ts";

/** Short ways to write Services and pools in tests of allocation. */

export function address(text: string): Address {
  const parsed = parseAddress(text);
  if (parsed === undefined) throw new RangeError(`${text} is no address`);
  return parsed;
}

/** An Eip of these texts that anybody may use when it is the default. */
export function pool(
  name: string,
  texts: string | readonly string[],
  more: Partial<Pool> & { readonly exclude?: readonly string[] } = {},
): Pool {
  const { exclude = [], ...fields } = more;
  const parsed = parsePool(typeof texts === "string" ? [texts] : texts, exclude);
  return {
    name,
    ranges: "ranges" in parsed ? parsed.ranges : [],
    formerAddresses: new Set(),
    refusal: "ranges" in parsed ? undefined : { reason: "Invalid", message: parsed.problems.join("; "), short: "invalid" },
    isDefault: false,
    autoAssign: true,
    priority: 0,
    namespaces: [],
    namespaceSelector: undefined,
    serviceSelectors: [],
    restrict: false,
    perNamespaceLimit: undefined,
    avoidBuggyIps: false,
    ...fields,
  };
}

/** A Service that leaves everything to us. */
export function service(key: string, more: Partial<ServiceRequest> = {}): ServiceRequest {
  return {
    key,
    namespace: key.slice(0, key.indexOf("/")),
    labels: {},
    createdAt: 0,
    holds: [],
    givenBy: new Map(),
    families: [4],
    needsAllFamilies: true,
    ports: [{ protocol: "TCP", port: 80 }],
    localOnly: false,
    selector: "",
    eip: undefined,
    eipSource: "annotation eip",
    addressSource: "annotation address",
    addresses: [],
    problem: undefined,
    sharingKey: undefined,
    sharesWith: [],
    ...more,
  };
}

/** A small world: what is there, and the ledger as the last allocation left it. */
export class World {
  pools: Pool[] = [];
  services: ServiceRequest[] = [];
  namespaceLabels = new Map<string, Readonly<Record<string, string>>>();
  now = 1_000_000;
  sharesUnconditionally = false;
  #memory: Memory = emptyMemory;

  /** Allocates, and writes the outcome into the ledger. */
  settle(): AllocationResult {
    const input: AllocationInput = {
      services: this.services,
      pools: this.pools,
      namespaceLabels: this.namespaceLabels,
      memory: this.#memory,
      now: this.now,
      restPeriod: 60_000,
      sharesUnconditionally: this.sharesUnconditionally,
    };
    const result = allocate(input);
    this.#memory = result.memory;
    this.services = this.services.map((one) => {
      const grants = result.assignments.get(one.key)?.grants ?? [];
      const givenBy = new Map(grants.map((grant) => [formatAddress(grant.address), grant.pool]));
      return { ...one, holds: grants.map((grant) => grant.address), givenBy };
    });
    return result;
  }

  /** What a Service holds, as text, sorted. */
  held(key: string): string[] {
    return (this.services.find((one) => one.key === key)?.holds ?? []).map(formatAddress).sort();
  }

  remove(key: string): void {
    this.services = this.services.filter((one) => one.key !== key);
  }

  change(key: string, more: Partial<ServiceRequest>): void {
    this.services = this.services.map((one) => (one.key === key ? { ...one, ...more } : one));
  }

  /** Forgets what a controller keeps in memory, as a restart does. */
  restart(): void {
    this.#memory = emptyMemory;
  }
}
