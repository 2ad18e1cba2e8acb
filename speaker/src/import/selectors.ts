import type { EipSpec } from "@berth/api/eip";
import { selects as fits } from "../announce/selector.ts";
import { recordOf, recordsOf, type SourceObject, textsOf } from "./model.ts";

/** Lists of Kubernetes selectors, one of which must fit → the one selector, or the labels, that Berth has a place for. Pure. */

export type NodeSelector = NonNullable<EipSpec["nodeSelector"]>;
type Selector = Readonly<Record<string, unknown>>;

const operators = ["In", "NotIn", "Exists", "DoesNotExist"] as const;

/** Whether a Kubernetes LabelSelector fits labels; one with an operator that there is not fits none. */
export function selects(selector: Selector, labels: Readonly<Record<string, string>>): boolean {
  const requirements = requirementsOf(selector);
  const matchExpressions = requirements.flatMap(({ key, operator, values }) => {
    const known = operators.find((one) => one === operator);
    return known === undefined ? [] : [{ key, operator: known, values }];
  });
  return matchExpressions.length === requirements.length && fits({ matchExpressions }, labels);
}

interface Requirement {
  readonly key: string;
  readonly operator: string;
  readonly values: readonly string[];
}

function requirementsOf(selector: Selector): Requirement[] {
  const labels = Object.entries(recordOf(selector["matchLabels"])).map(([key, value]) => ({
    key,
    operator: "In",
    values: [String(value)],
  }));
  const expressions = recordsOf(selector["matchExpressions"]).map(({ key, operator, values }) => ({
    key: String(key),
    operator: String(operator),
    values: textsOf(values),
  }));
  return [...labels, ...expressions];
}

/**
 * The maps of labels that together fit what a selector fits: `In` with two values becomes two maps.
 * @returns undefined when the selector says what labels cannot, or says it in more than 32 maps
 */
export function labelMapsOf(selector: Selector): Readonly<Record<string, string>>[] | undefined {
  const requirements = requirementsOf(selector);
  if (requirements.some(({ operator }) => operator !== "In")) return undefined;
  if (requirements.reduce((count, { values }) => count * values.length, 1) > 32) return undefined;
  return requirements.reduce<Readonly<Record<string, string>>[]>(
    (maps, { key, values }) =>
      maps.flatMap((labels) => {
        const own = labels[key];
        if (own !== undefined) return values.includes(own) ? [labels] : [];
        return values.map((value) => ({ ...labels, [key]: value }));
      }),
    [{}],
  );
}

/** The nodes that one of several selectors fits. */
export type Nodes =
  /** Exactly what the selectors say; no selector: all nodes. */
  | { readonly type: "exact"; readonly selector: NodeSelector | undefined }
  /** The nodes that fit today, by name, for no single selector says the same. */
  | { readonly type: "listed"; readonly selector: NodeSelector; readonly names: readonly string[] }
  /** No single selector says the same, and no nodes were read. */
  | { readonly type: "none" };

const hostname = "kubernetes.io/hostname";

/** One node selector in place of several. @param nodes what was read of kind Node */
export function anyOf(selectors: readonly Selector[], nodes: readonly SourceObject[]): Nodes {
  const wanted = selectors.map(requirementsOf);
  if (wanted.length === 0 || wanted.some((requirements) => requirements.length === 0))
    return { type: "exact", selector: undefined };
  const [first = {}] = selectors;
  if (selectors.every((one) => JSON.stringify(one) === JSON.stringify(first)))
    return { type: "exact", selector: nodeSelectorOf(first) };
  const [key = ""] = wanted.map(([requirement]) => requirement?.key ?? "");
  if (wanted.every(([one, ...rest]) => rest.length === 0 && one?.key === key && one.operator === "In")) {
    const values = [...new Set(wanted.flatMap(([one]) => one?.values ?? []))];
    return { type: "exact", selector: { matchExpressions: [{ key, operator: "In", values }] } };
  }
  if (nodes.length === 0) return { type: "none" };
  const names = nodes
    .filter(({ metadata }) => selectors.some((one) => selects(one, metadata.labels ?? {})))
    .map(({ metadata }) => metadata.labels?.[hostname] ?? metadata.name)
    .sort();
  return { type: "listed", selector: { matchExpressions: [{ key: hostname, operator: "In", values: names }] }, names };
}

/** Whether some node fits more than one of the selectors. */
export function overlaps(selectors: readonly Selector[], nodes: readonly SourceObject[]): boolean {
  return nodes.some(({ metadata }) => selectors.filter((one) => selects(one, metadata.labels ?? {})).length > 1);
}

/** A selector with nothing in it but what a node selector has. */
export function nodeSelectorOf(selector: Selector): NodeSelector {
  const expressions = recordsOf(selector["matchExpressions"]);
  const labels = recordOf(selector["matchLabels"]);
  return {
    ...(Object.keys(labels).length > 0 ? { matchLabels: labels as Readonly<Record<string, string>> } : {}),
    ...(expressions.length > 0 ? { matchExpressions: expressions as unknown as NodeSelector["matchExpressions"] } : {}),
  } as NodeSelector;
}
