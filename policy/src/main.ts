/**
 * A policy pack for organisations that use Berth: pools are private, external BGP sessions are signed, pools have quotas.
 * Usage: pulumi preview --policy-pack <this directory> [--policy-pack-config <file>]
 */
import { PolicyPack, type ResourceValidationPolicy, type StackValidationPolicy } from "@pulumi/policy";
import { isOurs, missingQuota, privateNetworks, publicAddresses, unsignedPeers } from "./rules.ts";

const poolsArePrivate: ResourceValidationPolicy = {
  name: "pools-are-private",
  description: "The addresses of every Eip lie in private networks, or in networks that allowedNetworks adds.",
  enforcementLevel: "mandatory",
  configSchema: {
    properties: { allowedNetworks: { type: "array", items: { type: "string" }, default: [] } },
  },
  validateResource(args, report) {
    if (!isOurs(args, "Eip")) return;
    const { allowedNetworks = [] } = args.getConfig<{ readonly allowedNetworks?: string[] }>();
    for (const { message } of publicAddresses(args, [...privateNetworks, ...allowedNetworks])) report(message);
  },
};

const poolsHaveQuotas: ResourceValidationPolicy = {
  name: "pools-have-quotas",
  description: "Every Eip says how many addresses one namespace may have.",
  enforcementLevel: "mandatory",
  configSchema: { properties: { highest: { type: "integer", minimum: 1, default: 1000000 } } },
  validateResource(args, report) {
    if (!isOurs(args, "Eip")) return;
    const { highest = 1000000 } = args.getConfig<{ readonly highest?: number }>();
    for (const { message } of missingQuota(args, highest)) report(message);
  },
};

const externalPeersAreSigned: StackValidationPolicy = {
  name: "external-peers-are-signed",
  description: "Every session with another AS has a password.",
  enforcementLevel: "mandatory",
  validateStack(args, report) {
    const resources = args.resources.map(({ type, name, props }) => ({ type, name, props }));
    for (const { name, message } of unsignedPeers(resources))
      report(message, args.resources.find((one) => one.name === name && isOurs(one, "BgpPeer"))?.urn);
  },
};

new PolicyPack("berth", { policies: [poolsArePrivate, poolsHaveQuotas, externalPeersAreSigned] });
