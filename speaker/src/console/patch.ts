import { type ConsoleModel, lists } from "./model.ts";

/** How one list changes: rows to put, in place of those with the same key, and the order of all keys when it changed. */
export interface ListPatch {
  readonly put: readonly { readonly key: string }[];
  readonly order?: readonly string[];
}

/** How a model changes. A list that does not change is absent. */
export type ModelPatch = { readonly [K in keyof ConsoleModel]?: ListPatch };

/** What leads from one model to another; undefined when they say the same. */
export function diff(before: ConsoleModel, after: ConsoleModel): ModelPatch | undefined {
  const patch: { -readonly [K in keyof ConsoleModel]?: ListPatch } = {};
  for (const name of lists) {
    const old = new Map(before[name].map((row) => [row.key, row]));
    const put = after[name].filter((row) => {
      const known = old.get(row.key);
      return known !== row && (known === undefined || JSON.stringify(known) !== JSON.stringify(row));
    });
    const isSameOrder =
      before[name].length === after[name].length && before[name].every((row, index) => row.key === after[name][index]?.key);
    if (put.length === 0 && isSameOrder) continue;
    patch[name] = isSameOrder ? { put } : { put, order: after[name].map((row) => row.key) };
  }
  return Object.keys(patch).length === 0 ? undefined : patch;
}

/** The model that a patch leads to. `apply(diff(a, b), a)` says what `b` says. */
export function apply(patch: ModelPatch, model: ConsoleModel): ConsoleModel {
  const next: Record<string, readonly { readonly key: string }[]> = { ...model };
  for (const name of lists) {
    const change = patch[name];
    if (change === undefined) continue;
    const rows = new Map<string, { readonly key: string }>([...model[name], ...change.put].map((row) => [row.key, row]));
    const order = change.order ?? model[name].map((row) => row.key);
    next[name] = order.flatMap((key) => rows.get(key) ?? []);
  }
  // Rows come from models: each list has the rows that it had.
  return next as unknown as ConsoleModel;
}
