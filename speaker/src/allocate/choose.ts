import type { Address, Family } from "../net/address.ts";
import type { Pool, PoolRefusal, ServiceRequest } from "./model.ts";
import { rangesContain } from "./ranges.ts";

/** What the rules know about a Service's namespace: its labels. */
export interface ChoiceContext {
  readonly namespaceLabels: Readonly<Record<string, string>>;
}

/** One rule: which pools it proposes, in order. The pools of all rules are asked in turn until one gives. */
interface Rule {
  readonly name: string;
  /** Whether the Service itself asked for what the rule proposes. */
  readonly isExplicit: boolean;
  readonly propose: (want: Want, pools: readonly Pool[], context: ChoiceContext) => readonly Pool[];
}

const hasLabels = (labels: Readonly<Record<string, string>>, wanted: Readonly<Record<string, string>>): boolean =>
  Object.entries(wanted).every(([key, value]) => labels[key] === value);

/** Whether a pool is bound to any namespace or Service at all. */
function isBound(pool: Pool): boolean {
  return pool.namespaces.length > 0 || pool.namespaceSelector !== undefined || pool.serviceSelectors.length > 0;
}

/** Whether the namespace binding of a pool covers a Service. A pool without one covers every namespace. */
function coversNamespace(pool: Pool, service: ServiceRequest, namespaceLabels: Readonly<Record<string, string>>): boolean {
  return (
    (pool.namespaces.length === 0 && pool.namespaceSelector === undefined) ||
    pool.namespaces.includes(service.namespace) ||
    (pool.namespaceSelector !== undefined && hasLabels(namespaceLabels, pool.namespaceSelector))
  );
}

/** Whether the binding of a pool covers a Service, by namespace and by labels. */
function covers(pool: Pool, service: ServiceRequest, namespaceLabels: Readonly<Record<string, string>>): boolean {
  return (
    coversNamespace(pool, service, namespaceLabels) &&
    (pool.serviceSelectors.length === 0 || pool.serviceSelectors.some((selector) => hasLabels(service.labels, selector)))
  );
}

/** What a Service wants at one time: an address that it names, or any of a family. */
export interface Want {
  readonly service: ServiceRequest;
  readonly family: Family;
  readonly address: Address | undefined;
}

/** The rules by which a pool is chosen, in order. docs/addresses.md shows this list; events name the rule. */
export const choiceRules: readonly Rule[] = [
  {
    name: "named address",
    isExplicit: true,
    propose: ({ service, address }, pools) =>
      address === undefined
        ? []
        : pools
            .filter((pool) => (service.eip === undefined ? rangesContain(pool.ranges, address) : pool.name === service.eip))
            .slice(0, 1),
  },
  {
    name: "named Eip",
    isExplicit: true,
    propose: ({ service, address }, pools) => (address === undefined ? pools.filter((pool) => pool.name === service.eip) : []),
  },
  {
    name: "bound Eip",
    isExplicit: false,
    propose: ({ service, address }, pools, context) =>
      address !== undefined || service.eip !== undefined
        ? []
        : pools
            .filter((pool) => isBound(pool) && covers(pool, service, context.namespaceLabels))
            .sort((a, b) => a.priority - b.priority || (a.name < b.name ? -1 : 1)),
  },
  {
    name: "default Eip",
    isExplicit: false,
    propose: ({ service, address }, pools) =>
      address !== undefined || service.eip !== undefined ? [] : pools.filter((pool) => pool.isDefault),
  },
];

/** Why a Service may take nothing new from a pool: the first check that says no. */
export function refusalOf(pool: Pool, want: Want, isExplicit: boolean, context: ChoiceContext): PoolRefusal | undefined {
  for (const check of poolChecks) {
    const refusal = check(pool, want, isExplicit, context);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

/** Why no rule proposes a pool for a Service that leaves the choice to us, in a few words. */
export function whyNotProposed(pool: Pool, service: ServiceRequest, context: ChoiceContext): string {
  if (!isBound(pool)) return "neither bound nor the default";
  return coversNamespace(pool, service, context.namespaceLabels) ? "Service's labels not selected" : "namespace not allowed";
}

type PoolCheck = (pool: Pool, want: Want, isExplicit: boolean, context: ChoiceContext) => PoolRefusal | undefined;

const poolChecks: readonly PoolCheck[] = [
  ({ refusal }) => refusal,
  (pool, _want, isExplicit) =>
    isExplicit || pool.autoAssign
      ? undefined
      : {
          reason: "OnlyOnRequest",
          message: `Eip ${pool.name} gives addresses only to Services that name it (its spec.autoAssign is false)`,
          short: "only on request",
        },
  (pool, { service }, _isExplicit, context) =>
    pool.restrict && isBound(pool) && !covers(pool, service, context.namespaceLabels)
      ? {
          reason: "NamespaceNotAllowed",
          message: `Eip ${pool.name} is kept for those that it is bound to (its spec.restrict is true), and namespace ${service.namespace} with the Service's labels is not among them`,
          short: whyNotProposed(pool, service, context),
        }
      : undefined,
  (pool, { family }) =>
    pool.ranges.some((range) => range.family === family)
      ? undefined
      : { reason: "WrongFamily", message: `Eip ${pool.name} has no IPv${family} address`, short: `no IPv${family}` },
];

/** Why a namespace may take no further address from a pool. @param used how many it has */
export function quotaRefusal(pool: Pool, namespace: string, used: number): PoolRefusal | undefined {
  const limit = pool.perNamespaceLimit;
  if (limit === undefined || used < limit) return undefined;
  return {
    reason: "QuotaExceeded",
    message: `namespace ${namespace} uses ${used} of the ${limit} addresses of Eip ${pool.name} that its spec.perNamespaceLimit allows`,
    short: "namespace's limit reached",
  };
}
