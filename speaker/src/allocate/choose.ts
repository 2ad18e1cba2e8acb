import type { Pool, Refusal, ServiceRequest } from "./model.ts";

/** What the rules know about a Service's namespace. */
export interface ChoiceContext {
  readonly namespaceLabels: Readonly<Record<string, string>>;
  /** How many addresses of a pool the Services of this namespace use. */
  usedByNamespace(pool: Pool): number;
}

/** One rule: which pools it proposes, in order. The first rule that proposes any is the one that counts, unless `fallsThrough`. */
interface Rule {
  readonly name: string;
  readonly isExplicit: boolean;
  readonly propose: (service: ServiceRequest, pools: readonly Pool[], context: ChoiceContext) => readonly Pool[];
}

const hasLabels = (labels: Readonly<Record<string, string>>, wanted: Readonly<Record<string, string>>): boolean =>
  Object.entries(wanted).every(([key, value]) => labels[key] === value);

/** Whether a pool is bound to any namespace or Service at all. */
function isBound(pool: Pool): boolean {
  return pool.namespaces.length > 0 || pool.namespaceSelector !== undefined || pool.serviceSelectors.length > 0;
}

/** Whether the binding of a pool covers a Service. A pool without a namespace binding but with Service selectors covers every namespace. */
export function covers(pool: Pool, service: ServiceRequest, namespaceLabels: Readonly<Record<string, string>>): boolean {
  const namesNamespaces = pool.namespaces.length > 0 || pool.namespaceSelector !== undefined;
  const isNamespaceCovered =
    !namesNamespaces ||
    pool.namespaces.includes(service.namespace) ||
    (pool.namespaceSelector !== undefined && hasLabels(namespaceLabels, pool.namespaceSelector));
  return (
    isNamespaceCovered &&
    (pool.serviceSelectors.length === 0 || pool.serviceSelectors.some((selector) => hasLabels(service.labels, selector)))
  );
}

/** The rules by which a pool is chosen, in order. docs/addresses.md shows this list; events name the rule. */
export const choiceRules: readonly Rule[] = [
  {
    name: "named Eip",
    isExplicit: true,
    propose: (service, pools) => pools.filter((pool) => pool.name === service.eip),
  },
  {
    name: "bound Eip",
    isExplicit: false,
    propose: (service, pools, context) =>
      service.eip !== undefined
        ? []
        : pools
            .filter((pool) => isBound(pool) && covers(pool, service, context.namespaceLabels))
            .sort((a, b) => a.priority - b.priority || (a.name < b.name ? -1 : 1)),
  },
  {
    name: "default Eip",
    isExplicit: false,
    propose: (service, pools) => (service.eip === undefined ? pools.filter((pool) => pool.isDefault) : []),
  },
];

/** Why a Service may take nothing new from a pool: the first check that says no. */
export function refusalOf(pool: Pool, service: ServiceRequest, isExplicit: boolean, context: ChoiceContext): Refusal | undefined {
  for (const check of poolChecks) {
    const refusal = check(pool, service, isExplicit, context);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

type PoolCheck = (pool: Pool, service: ServiceRequest, isExplicit: boolean, context: ChoiceContext) => Refusal | undefined;

const poolChecks: readonly PoolCheck[] = [
  (pool) => pool.refusal,
  (pool, _service, isExplicit) =>
    isExplicit || pool.autoAssign
      ? undefined
      : { reason: "OnlyOnRequest", message: "gives addresses only to Services that name it, autoAssign is false" },
  (pool, service, isExplicit, context) =>
    isBound(pool) && (!isExplicit || pool.restrict) && !covers(pool, service, context.namespaceLabels)
      ? {
          reason: "NamespaceNotAllowed",
          message: `namespace ${service.namespace} or the Service's labels are not among those it is bound to`,
        }
      : undefined,
  (pool, service, _isExplicit, context) =>
    pool.perNamespaceLimit !== undefined && context.usedByNamespace(pool) >= pool.perNamespaceLimit
      ? {
          reason: "QuotaExceeded",
          message: `namespace ${service.namespace} uses the ${pool.perNamespaceLimit} that spec.perNamespaceLimit allows`,
        }
      : undefined,
];
