import type { Refusal, ServiceRequest } from "./model.ts";

/**
 * Why a Service may not use an address together with another, or undefined when it may: the first check that says no.
 * @param sharesUnconditionally OpenELB's way: who names an address gets it
 */
export function sharingRefusal(
  service: ServiceRequest,
  other: ServiceRequest,
  sharesUnconditionally: boolean,
): Refusal | undefined {
  if (sharesUnconditionally && (service.addresses.length > 0 || other.addresses.length > 0)) return undefined;
  const clash = service.ports.find((port) =>
    other.ports.some((taken) => taken.port === port.port && taken.protocol === port.protocol),
  );
  const no = (message: string): Refusal => ({ reason: "AddressInUse", message: `in use by ${other.key}, ${message}` });
  if (service.sharingKey === undefined || service.sharingKey !== other.sharingKey)
    return no(
      `and they share only when both carry the same annotation berth.dev/sharing-key: that one has ${keyText(other)}, this one ${keyText(service)}`,
    );
  if (clash !== undefined) return no(`which has the same port ${clash.port}/${clash.protocol}; give one of them another port`);
  if (service.localOnly !== other.localOnly) return no("which has another externalTrafficPolicy; give both the same");
  if (service.localOnly && service.selector !== other.selector)
    return no("which selects other pods, and both have externalTrafficPolicy Local; give both the same selector or Cluster");
  const isConsented =
    service.namespace === other.namespace ||
    (service.sharesWith.includes(other.namespace) && other.sharesWith.includes(service.namespace));
  return isConsented
    ? undefined
    : no(
        `in another namespace; both consent by annotation: berth.dev/share-with-namespaces with "${other.namespace}" here and "${service.namespace}" there`,
      );
}

/** Everything of a Service that sharing looks at, as one text: who changes it is the one who may have to leave. */
export function sharingTerms(service: ServiceRequest): string {
  const { sharingKey, sharesWith, ports, localOnly, selector } = service;
  return JSON.stringify([sharingKey, [...sharesWith].sort(), ports, localOnly, localOnly ? selector : ""]);
}

const keyText = ({ sharingKey }: ServiceRequest): string => (sharingKey === undefined ? "none" : `"${sharingKey}"`);
