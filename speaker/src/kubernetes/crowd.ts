import { addressAssigned } from "@berth/api/conditions";
import type { Service } from "./objects.ts";
import { heldAddresses, isOurs, type Scope } from "./requests.ts";

/** From so many waiting Services on there is a crowd. */
const crowdSize = 50;
/** A crowd that stands still for so long, in milliseconds, is none: nobody serves it, and nobody is helped by waiting for it. */
const standsStillAfter = 3000;

/** How many Services of ours wait for their first look: they have no address, and no condition that says why. */
export function waitingServices(services: readonly Service[], scope: Scope): number {
  const isWaiting = (service: Service): boolean =>
    isOurs(service, scope) &&
    service.metadata.deletionTimestamp === undefined &&
    heldAddresses(service).length === 0 &&
    service.status?.conditions?.some(({ type }) => type === addressAssigned) !== true;
  return services.filter(isWaiting).length;
}

/** Whether many Services are being given addresses right now, so that what is less urgent should leave the API server to that. */
export class Crowd {
  #count = 0;
  #changedAt = Number.NEGATIVE_INFINITY;

  /** @param count how many Services wait; @param now in milliseconds, of any clock that goes on */
  isThere(count: number, now: number): boolean {
    if (count !== this.#count) this.#changedAt = now;
    this.#count = count;
    return count >= crowdSize && now - this.#changedAt < standsStillAfter;
  }
}
