import { recordsOf, type SourceObject, textOf } from "./model.ts";

/** MetalLB's communities, which may be names that Community objects give → the two lists of an Eip. Pure. */

/** What the communities of an advertisement come to. */
export interface Communities {
  readonly communities: readonly string[];
  readonly largeCommunities: readonly string[];
  /** Names that no Community object gives, and texts that are no community. */
  readonly unknown: readonly string[];
}

/** The values that Community objects give names to. */
export function communityNames(objects: readonly SourceObject[]): ReadonlyMap<string, string> {
  return new Map(
    objects
      .filter(({ kind }) => kind === "Community")
      .flatMap(({ spec }) => recordsOf(spec?.["communities"]))
      .flatMap(({ name, value }) => {
        const [key, text] = [textOf(name), textOf(value)];
        return key === undefined || text === undefined ? [] : [[key, text] as const];
      }),
  );
}

/** Sorts communities by kind. MetalLB writes large ones as "large:65000:1:2". */
export function communitiesOf(texts: readonly string[], names: ReadonlyMap<string, string>): Communities {
  const values = texts.map((text) => ({ text, value: names.get(text) ?? text }));
  const large = /^large:(\d{1,10}:\d{1,10}:\d{1,10})$/;
  const plain = /^\d{1,5}:\d{1,5}$/;
  return {
    communities: values.flatMap(({ value }) => (plain.test(value) ? [value] : [])).sort(),
    largeCommunities: values.flatMap(({ value }) => large.exec(value)?.[1] ?? []).sort(),
    unknown: values.flatMap(({ text, value }) => (plain.test(value) || large.test(value) ? [] : [text])),
  };
}
