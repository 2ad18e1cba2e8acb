import type { Refusal, ServiceRequest } from "./model.ts";

/** Why a Service may not join another on its address, or undefined when it may: the first check that says no. */
export function sharingRefusal(
  service: ServiceRequest,
  other: ServiceRequest,
  sharesUnconditionally: boolean,
): Refusal | undefined {
  if (sharesUnconditionally && service.addresses.length > 0) return undefined;
  const clash = service.ports.find((port) =>
    other.ports.some((taken) => taken.port === port.port && taken.protocol === port.protocol),
  );
  const no = (message: string): Refusal => ({ reason: "AddressInUse", message: `in use by ${other.key}, ${message}` });
  if (service.sharingKey === undefined || service.sharingKey !== other.sharingKey)
    return no("and they share only when both carry the same annotation berth.dev/sharing-key");
  if (clash !== undefined) return no(`which has the same port ${clash.port}/${clash.protocol}`);
  if (service.localOnly !== other.localOnly) return no("which has another externalTrafficPolicy");
  if (service.localOnly && service.selector !== other.selector)
    return no("which selects other pods, and both have externalTrafficPolicy Local");
  const isConsented =
    service.namespace === other.namespace ||
    (service.sharesWith.includes(other.namespace) && other.sharesWith.includes(service.namespace));
  return isConsented ? undefined : no("in another namespace, and not both consent to share");
}
