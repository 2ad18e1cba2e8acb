import type { Refusal, ServiceRequest } from "./model.ts";

/** One thing that keeps Services from one address: a part of the sentence that says so, and what to do. */
export interface Clash {
  readonly message: string;
  readonly remedy: string;
}

/** What two Services that shall share an address are asked, in order. */
const questions: readonly ((service: ServiceRequest, other: ServiceRequest) => Clash | undefined)[] = [
  (service, other) =>
    service.sharingKey !== undefined && service.sharingKey === other.sharingKey
      ? undefined
      : {
          message: `and they share only when both carry the same annotation berth.dev/sharing-key: that one has ${keyText(other)}, this one ${keyText(service)}`,
          remedy: sameKey(service, other),
        },
  (service, other) => {
    const clash = service.ports.find((port) =>
      other.ports.some((taken) => taken.port === port.port && taken.protocol === port.protocol),
    );
    return clash === undefined
      ? undefined
      : {
          message: `which has the same port ${clash.port}/${clash.protocol}; give one of them another port`,
          remedy: `give this Service, or ${other.key}, another port than ${clash.port}/${clash.protocol}`,
        };
  },
  (service, other) =>
    service.localOnly === other.localOnly
      ? undefined
      : {
          message: "which has another externalTrafficPolicy; give both the same",
          remedy: `set spec.externalTrafficPolicy to ${policyOf(other)}, as ${other.key} has it, or let that one have ${policyOf(service)} too`,
        },
  (service, other) =>
    !service.localOnly || !other.localOnly || service.selector === other.selector
      ? undefined
      : {
          message: "which selects other pods, and both have externalTrafficPolicy Local; give both the same selector or Cluster",
          remedy: `give this Service and ${other.key} the same spec.selector, or set spec.externalTrafficPolicy of both to Cluster`,
        },
  (service, other) =>
    consents(service, other) && consents(other, service)
      ? undefined
      : {
          message: `in another namespace; both consent by annotation: berth.dev/share-with-namespaces with "${other.namespace}" here and "${service.namespace}" there`,
          remedy: [
            ...(consents(service, other)
              ? []
              : [`add "${other.namespace}" to this Service's annotation berth.dev/share-with-namespaces`]),
            ...(consents(other, service)
              ? []
              : [
                  `add "${service.namespace}" to ${consents(service, other) ? "the annotation berth.dev/share-with-namespaces" : "that annotation"} of ${other.key}`,
                ]),
          ].join(", and "),
        },
];

/**
 * Why a Service may not use an address together with another, or undefined when it may: the first thing that says no.
 * The remedy has everything that keeps them apart, so that nobody mends one thing only to read of the next.
 * @param sharesUnconditionally OpenELB's way: who names an address gets it
 */
export function sharingRefusal(
  service: ServiceRequest,
  other: ServiceRequest,
  sharesUnconditionally: boolean,
): Refusal | undefined {
  if (sharesUnconditionally && (service.addresses.length > 0 || other.addresses.length > 0)) return undefined;
  const clashes = questions.flatMap((question) => question(service, other) ?? []);
  const [first] = clashes;
  if (first === undefined) return undefined;
  const remedy = clashes.map((clash) => clash.remedy).join("; ");
  return { reason: "AddressInUse", message: `in use by ${other.key}, ${first.message}`, remedy };
}

/** Everything of a Service that sharing looks at, as one text: who changes it is the one who may have to leave. */
export function sharingTerms(service: ServiceRequest): string {
  const { sharingKey, sharesWith, ports, localOnly, selector } = service;
  return JSON.stringify([sharingKey, [...sharesWith].sort(), ports, localOnly, localOnly ? selector : ""]);
}

const keyText = ({ sharingKey }: ServiceRequest): string => (sharingKey === undefined ? "none" : `"${sharingKey}"`);
const policyOf = ({ localOnly }: ServiceRequest): string => (localOnly ? "Local" : "Cluster");
const consents = (service: ServiceRequest, other: ServiceRequest): boolean =>
  service.namespace === other.namespace || service.sharesWith.includes(other.namespace);

/** Whose annotation is to become what, so that two Services carry the same key. */
function sameKey(service: ServiceRequest, other: ServiceRequest): string {
  const annotation = (key: string): string => `the annotation berth.dev/sharing-key: "${key}"`;
  if (other.sharingKey !== undefined) return `give this Service ${annotation(other.sharingKey)}, as ${other.key} has it`;
  if (service.sharingKey !== undefined) return `give ${other.key} ${annotation(service.sharingKey)} too`;
  return `give this Service and ${other.key} the same annotation berth.dev/sharing-key`;
}
