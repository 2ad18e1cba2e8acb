import { parse, TomlError } from "smol-toml";
import { type Address, bitsOf, parseAddress } from "../../net/address.ts";
import { asn } from "../../net/asn.ts";
import { hostPrefix, type Prefix, parsePrefix } from "../../net/prefix.ts";
import { parseCommunity, parseLargeCommunity } from "../communities.ts";
import type { Action, Condition, Disposition, Edit, Policy, PolicyStage, PolicyStep, PrefixRange } from "./model.ts";
import { noPolicy } from "./model.ts";
import { Table } from "./table.ts";

/** A policy, and everything of the text that could not be taken: with problems the policy is empty, because half a policy is none. */
export interface ParsedPolicy {
  readonly policy: Policy;
  readonly problems: readonly string[];
}

/**
 * Translates GoBGP's policy configuration (TOML: `global.apply-policy`, `defined-sets`, `policy-definitions`) as far as it changes
 * routes on their way out. Every key that is not translated is a problem that names its path. Pure.
 */
export function parsePolicy(text: string): ParsedPolicy {
  const problems: string[] = [];
  let document: unknown;
  try {
    document = parse(text);
  } catch (error) {
    const where = error instanceof TomlError ? `line ${error.line}, column ${error.column}: ` : "";
    const [said = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
    return { policy: noPolicy, problems: [`gobgp.conf is not TOML: ${where}${said}`] };
  }
  const root = new Table(document, "", problems);
  const sets = readSets(root.table("defined-sets"));
  const definitions = readDefinitions(root, sets);
  const stages = readStages(root.table("global"), definitions, problems);
  root.end("only global.apply-policy, defined-sets and policy-definitions are translated");
  return problems.length > 0 ? { policy: noPolicy, problems } : { policy: { stages }, problems };
}

interface Sets {
  readonly prefixes: ReadonlyMap<string, readonly PrefixRange[]>;
  readonly neighbors: ReadonlyMap<string, readonly Prefix[]>;
  readonly communities: ReadonlyMap<string, readonly number[]>;
}

function readSets(table: Table | undefined): Sets {
  const prefixes = new Map<string, readonly PrefixRange[]>();
  const neighbors = new Map<string, readonly Prefix[]>();
  const communities = new Map<string, readonly number[]>();
  for (const set of table?.tables("prefix-sets") ?? []) {
    const ranges = set.tables("prefix-list").flatMap((entry) => {
      const range = readPrefix(entry);
      entry.end();
      return range === undefined ? [] : [range];
    });
    prefixes.set(set.text("prefix-set-name") ?? "", ranges);
    set.end();
  }
  for (const set of table?.tables("neighbor-sets") ?? []) {
    const networks = set.values("neighbor-info-list", networkOf, "an address or a network, such as 172.30.0.1");
    neighbors.set(set.text("neighbor-set-name") ?? "", networks);
    set.end();
  }
  const bgp = table?.table("bgp-defined-sets");
  for (const set of bgp?.tables("community-sets") ?? []) {
    const plain = (text: string): number | undefined => parseCommunity(text.replace(/^\^|\$$/g, ""));
    communities.set(
      set.text("community-set-name") ?? "",
      set.values("community-list", plain, "a community such as 65000:100 (regular expressions are not translated)"),
    );
    set.end();
  }
  bgp?.end();
  table?.end();
  return { prefixes, neighbors, communities };
}

function networkOf(text: string): Prefix | undefined {
  const address: Address | undefined = parseAddress(text);
  return address === undefined ? parsePrefix(text) : hostPrefix(address);
}

function readPrefix(entry: Table): PrefixRange | undefined {
  const prefix = entry.value("ip-prefix", parsePrefix, "a network, such as 192.0.2.0/24");
  const range = entry.value("masklength-range", rangeOf, "two lengths, such as 24..32");
  if (prefix === undefined) return undefined;
  const [shortest, longest] = range ?? [prefix.length, prefix.length];
  if (longest > bitsOf(prefix.address.family)) entry.problem("masklength-range", "is longer than an address of its family");
  return { prefix, shortest, longest };
}

function rangeOf(text: string): readonly [number, number] | undefined {
  const match = /^(\d{1,3})\.\.(\d{1,3})$/.exec(text);
  const [shortest, longest] = [Number(match?.[1]), Number(match?.[2])];
  return match === null || shortest > longest ? undefined : [shortest, longest];
}

function readDefinitions(root: Table, sets: Sets): ReadonlyMap<string, readonly PolicyStep[]> {
  const definitions = new Map<string, readonly PolicyStep[]>();
  for (const definition of root.tables("policy-definitions")) {
    const name = definition.text("name") ?? "";
    if (name === "") definition.problem("name", "is missing");
    definitions.set(
      name,
      definition.tables("statements").map((statement, index) => readStatement(statement, sets, `${name}/${index + 1}`)),
    );
    definition.end();
  }
  return definitions;
}

function readStatement(statement: Table, sets: Sets, name: string): PolicyStep {
  statement.text("name");
  const conditions = readConditions(statement.table("conditions"), sets);
  const actions = statement.table("actions");
  const disposition = actions?.word("route-disposition", dispositions);
  const made = readActions(actions?.table("bgp-actions"));
  actions?.end();
  statement.end();
  return { name, conditions, actions: made, disposition };
}

const dispositions: Readonly<Record<string, Disposition | undefined>> = {
  "accept-route": "accept",
  "reject-route": "reject",
  none: undefined,
};
const inversions: Readonly<Record<string, boolean>> = { any: false, invert: true };
const matches: Readonly<Record<string, "any" | "all" | "invert">> = { any: "any", all: "all", invert: "invert" };
const edits: Readonly<Record<string, Edit>> = { add: "add", remove: "remove", replace: "replace" };

function readConditions(table: Table | undefined, sets: Sets): Condition[] {
  if (table === undefined) return [];
  const prefix = table.table("match-prefix-set");
  const neighbor = table.table("match-neighbor-set");
  const bgp = table.table("bgp-conditions");
  const community = bgp?.table("match-community-set");
  const conditions: Condition[] = [];
  if (prefix !== undefined)
    conditions.push({
      type: "prefix",
      ranges: prefix.named("prefix-set", sets.prefixes) ?? [],
      isInverted: prefix.word("match-set-options", inversions) ?? false,
    });
  if (neighbor !== undefined)
    conditions.push({
      type: "neighbor",
      networks: neighbor.named("neighbor-set", sets.neighbors) ?? [],
      isInverted: neighbor.word("match-set-options", inversions) ?? false,
    });
  if (community !== undefined)
    conditions.push({
      type: "community",
      communities: community.named("community-set", sets.communities) ?? [],
      match: community.word("match-set-options", matches) ?? "any",
    });
  for (const one of [prefix, neighbor, community, bgp, table]) one?.end();
  return conditions;
}

function readActions(table: Table | undefined): Action[] {
  if (table === undefined) return [];
  const actions: Action[] = [];
  const med = table.value("set-med", medOf, 'a number, or one to add or take away, such as "+10"');
  if (med !== undefined) actions.push({ type: "med", ...med });
  const localPref = table.number("set-local-pref", 0, 0xffffffff);
  if (localPref !== undefined) actions.push({ type: "localPref", value: localPref });
  const nextHop = table.text("set-next-hop");
  if (nextHop === "self") actions.push({ type: "nextHopSelf" });
  else if (nextHop !== undefined) table.problem("set-next-hop", `"${nextHop}" is not translated; only "self" is`);
  const prepend = table.table("set-as-path-prepend");
  if (prepend !== undefined) {
    const as = prepend.value("as", (text) => (text === "last-as" ? "last" : asn(Number(text || NaN))), "an AS number or last-as");
    const count = prepend.number("repeat-n", 1, 16);
    if (as !== undefined && count !== undefined) actions.push({ type: "prepend", as, count });
    prepend.end();
  }
  for (const action of [
    readEdit(table, "set-community", "communities", parseCommunity, "a community such as 65000:100"),
    readEdit(table, "set-large-community", "largeCommunities", parseLargeCommunity, "a large community such as 65000:1:2"),
  ])
    if (action !== undefined) actions.push(action as Action);
  table.end();
  return actions;
}

function medOf(text: string): { readonly isRelative: boolean; readonly value: number } | undefined {
  if (!/^[+-]?\d{1,10}$/.test(text)) return undefined;
  const value = Number(text);
  return Math.abs(value) > 0xffffffff ? undefined : { isRelative: /^[+-]/.test(text), value };
}

/** `set-community` and its kin: which list, and how it changes. */
function readEdit<T>(
  table: Table,
  key: string,
  type: "communities" | "largeCommunities",
  read: (text: string) => T | undefined,
  what: string,
): { readonly type: string; readonly edit: Edit; readonly values: readonly T[] } | undefined {
  const set = table.table(key);
  if (set === undefined) return undefined;
  const edit = set.word("options", edits) ?? "add";
  const method = set.table(`${key}-method`);
  const values = method?.values("communities-list", read, what) ?? [];
  if (method === undefined) set.problem(`${key}-method`, "is missing: it holds communities-list");
  method?.end();
  set.end();
  return { type, edit, values };
}

/** The policies that are applied: GoBGP runs its import list over routes of its own, too, and then the export list. */
function readStages(
  global: Table | undefined,
  definitions: ReadonlyMap<string, readonly PolicyStep[]>,
  problems: string[],
): PolicyStage[] {
  const config = global?.table("apply-policy");
  const inner = config?.table("config");
  const stage = (direction: "import" | "export"): PolicyStage => {
    const names = inner?.values(`${direction}-policy-list`, (text) => text, "the name of a policy") ?? [];
    for (const name of names)
      if (!definitions.has(name))
        inner?.problem(
          `${direction}-policy-list`,
          `"${name}" is no policy; there are ${[...definitions.keys()].join(", ") || "none"}`,
        );
    return {
      steps: names.flatMap((name) => definitions.get(name) ?? []),
      otherwise: inner?.word(`default-${direction}-policy`, dispositions) ?? "accept",
    };
  };
  const stages = [stage("import"), stage("export")];
  for (const one of [inner, config, global]) one?.end("only apply-policy.config is translated");
  if (definitions.size > 0 && stages.every(({ steps }) => steps.length === 0) && problems.length === 0)
    problems.push(
      `policy-definitions: ${[...definitions.keys()].map((name) => `"${name}"`).join(", ")}: nothing applies them; name them in global.apply-policy.config.export-policy-list`,
    );
  return stages.filter(({ steps, otherwise }) => steps.length > 0 || otherwise === "reject");
}
