import { addressAssigned } from "@berth/api/conditions";
import type { Grant } from "../allocate/model.ts";
import { formatAddress } from "../net/address.ts";
import type { Service } from "./objects.ts";

/**
 * Service.status is the ledger: the addresses stand in `loadBalancer.ingress`, and the sentence of the condition says which Eip gave each.
 * Both sides of that sentence are here. Eip.status, which is capped and goes with its Eip, is not needed to know whose an address is.
 */

/** "192.0.2.1 from Eip office and 2001:db8::1 from Eip six (which is gone)". */
export function grantsText(grants: readonly Grant[]): string {
  return grants
    .map(({ address, pool, lostPool }) => {
      if (pool !== "") return `${formatAddress(address)} from Eip ${pool}`;
      return `${formatAddress(address)} from ${lostPool === undefined ? "an Eip that" : `Eip ${lostPool} (which`} is gone${lostPool === undefined ? "" : ")"}`;
    })
    .join(" and ");
}

/** Which Eip gave the addresses of a Service, as its condition says: address text → Eip. */
export function givers(service: Service): ReadonlyMap<string, string> {
  const message = service.status?.conditions?.find(({ type }) => type === addressAssigned)?.message ?? "";
  const held = new Set((service.status?.loadBalancer?.ingress ?? []).map(({ ip }) => ip));
  const pairs = [...message.matchAll(/([0-9a-f:.]+) from Eip ([a-z0-9.-]*[a-z0-9])/g)];
  return new Map(pairs.flatMap(([, address = "", eip = ""]): [string, string][] => (held.has(address) ? [[address, eip]] : [])));
}
