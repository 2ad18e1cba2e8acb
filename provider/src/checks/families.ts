import { type AddressRange, parseAddress } from "./addresses.ts";
import { wantedAddresses } from "./own.ts";
import { hasUnknown, type KnownArgs, list, type Problem } from "./problem.ts";

/** What of a pool matters here. */
interface Pool {
  /** The name of the resource, for messages. */
  readonly resource: string;
  readonly entries: readonly { readonly ranges: readonly AddressRange[] }[];
  readonly isKnown: boolean;
}

/** A family that a Service gets no address at all without. */
interface NeededFamily {
  readonly family: 4 | 6;
  /** Which argument asks for it, and its value. */
  readonly path: string;
  readonly value: string;
}

/**
 * The families that a Service needs an address of and names none of. What the cluster decides is not among them: a Service without
 * families, nor one that only prefers two.
 */
export function familiesNeeded(args: KnownArgs): NeededFamily[] {
  const { ipFamilies, ipFamilyPolicy, address } = args;
  if (hasUnknown([ipFamilies, ipFamilyPolicy, address]) || ipFamilyPolicy === "PreferDualStack") return [];
  const asked = list(ipFamilies).flatMap((one, index): NeededFamily[] =>
    one === "IPv4" || one === "IPv6" ? [{ family: one === "IPv4" ? 4 : 6, path: `ipFamilies[${index}]`, value: one }] : [],
  );
  const implied = ([4, 6] as const)
    .filter((family) => ipFamilyPolicy === "RequireDualStack" && !asked.some((one) => one.family === family))
    .map((family): NeededFamily => ({ family, path: "ipFamilyPolicy", value: "RequireDualStack" }));
  const named = wantedAddresses(args).map((text) => parseAddress(text)?.family);
  return [...asked, ...implied].filter(({ family }) => !named.includes(family));
}

/** That the pool which a Service names has no address of a family that it needs: the controller would give it none. */
export function familyProblems(args: KnownArgs, pool: Pool): Problem[] {
  const families = new Set(pool.entries.flatMap(({ ranges }) => ranges.map(({ family }) => family)));
  if (!pool.isKnown || families.size === 0) return [];
  return familiesNeeded(args)
    .filter(({ family }) => !families.has(family))
    .map(({ family, path, value }) => ({
      propertyPath: path,
      reason: `"${value}": Eip "${pool.resource}" has no IPv${family} address; ask for IPv${family === 4 ? 6 : 4} alone, or name an Eip with addresses of that family`,
    }));
}
