import { givers } from "./ledger.ts";
import type { Node, Service } from "./objects.ts";

/**
 * What a view of the cluster is made of. The rest of an object changes often, and nobody who looks at views needs to know.
 */

/** Of a Service, all but its conditions; of those, which Eip gave which address. */
export function essenceOfService(service: Service): unknown {
  const { annotations, labels, deletionTimestamp, uid } = service.metadata;
  return [annotations, labels, deletionTimestamp, uid, service.spec, service.status?.loadBalancer, [...givers(service)]];
}

/** Of a node, all but the instants of its heartbeats, its images and its resources. */
export function essenceOfNode({ metadata, spec, status }: Node): unknown {
  const { annotations, labels, deletionTimestamp, uid } = metadata;
  const conditions = status?.conditions?.map(({ type, status: holds }) => [type, holds]);
  return [annotations, labels, deletionTimestamp, uid, spec, status?.addresses, conditions];
}
