import type { ImportPlan } from "./model.ts";

/** What an import says to the person at the keyboard. Pure. */
export function reportOf(plan: ImportPlan): string {
  const table = plan.kept.map(({ service, address, eip }) => `  ${address.padEnd(40)} ${service.padEnd(40)} ${eip ?? "nobody"}`);
  const remarks = plan.remarks.map(({ about, text, isSerious }) => `  ${isSerious ? "!" : "-"} ${about}: ${text}`);
  const addresses = plan.kept.length;
  const held = plan.kept.filter(({ eip }) => eip !== undefined).length;
  return [
    `${plan.eips.length} pools, ${plan.peers.length} peers; ${held} of ${addresses} addresses that Services hold are in a pool`,
    ...(addresses > 0 ? [`  ${"ADDRESS".padEnd(40)} ${"SERVICE".padEnd(40)} EIP`, ...table] : []),
    remarks.length === 0
      ? "everything has a counterpart"
      : "without a counterpart, or not as it was (! needs a decision of yours):",
    ...remarks,
    ...(plan.loadBalancerClasses.length > 0
      ? [`Services carry these classes, which Berth must be told to serve: ${plan.loadBalancerClasses.join(", ")}`]
      : []),
    "",
  ].join("\n");
}
