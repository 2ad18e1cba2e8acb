import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { ConsoleModel, ServiceRow } from "../src/console/model.ts";
import { sentence } from "./sentences.ts";
import { type Language, type Word, word } from "./words.ts";

/** What every part of the page gets. */
export interface View {
  readonly model: ConsoleModel;
  readonly token: string;
  readonly language: Language;
  readonly query: string;
}

/** Gives the words of the reader's language. */
export type Translate = (key: Word, ...values: readonly (string | number)[]) => string;

export const ViewContext = createContext<View | undefined>(undefined);

/** The view, and the words of its language. `tell` gives a sentence of the controller in it. */
export function useView(): View & { readonly t: Translate; readonly tell: (text: string) => string } {
  const view = useContext(ViewContext);
  if (view === undefined) throw new Error("a part of the page stands outside of its view");
  return { ...view, t: (key, ...values) => word(view.language, key, ...values), tell: (text) => sentence(view.language, text) };
}

/** What a Service is found by; a row that does not change keeps its text. */
const texts = new WeakMap<ServiceRow, string>();

function textOf(row: ServiceRow): string {
  const known = texts.get(row);
  if (known !== undefined) return known;
  const parts = row.addresses.flatMap(({ address, eip, protocol, announcers }) => [
    address,
    eip,
    protocol,
    ...announcers.map(({ node }) => node),
  ]);
  const text = [row.key, row.state, ...parts].join(" ").toLowerCase();
  texts.set(row, text);
  return text;
}

/** The Services that a search leaves: every word must be in the name, an address, an Eip, a node or the state. */
export function filterServices(services: readonly ServiceRow[], query: string): readonly ServiceRow[] {
  const wanted = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (wanted.length === 0) return services;
  return services.filter((row) => wanted.every((part) => textOf(row).includes(part)));
}

/** Whether every word of a search is in one of the texts. */
export function matches(query: string, ...of: readonly string[]): boolean {
  const text = of.join(" ").toLowerCase();
  return query
    .toLowerCase()
    .split(/\s+/)
    .every((part) => text.includes(part));
}

const counted = {
  address: ["oneAddress", "addressCount"],
  node: ["oneNode", "nodeCount"],
  nextHop: ["oneNextHop", "nextHopCount"],
} as const satisfies Record<string, readonly [one: Word, several: Word]>;

/** So many of something, in words. */
export function count(t: Translate, what: keyof typeof counted, number: number): string {
  const [one, several] = counted[what];
  return number === 1 ? t(one) : t(several, number);
}

/** An instant in the reader's own way. */
export function instant(text: string): string {
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) return "";
  const { lang } = document.documentElement;
  // Of the reader's languages the first that is the page's: Britons and Americans write dates unlike.
  const own = navigator.languages.find((tag) => tag.slice(0, 2) === lang.slice(0, 2));
  return at.toLocaleString(own ?? lang);
}

/** Whether a session is up. */
export function isUp({ state }: { readonly state: string }): boolean {
  return state === "established";
}

/** Whether a state is good, worth a look, or bad: for the colour beside the word. */
export function tone(state: string): "good" | "warn" | "bad" {
  if (["ok", "works", "established", "ready"].includes(state)) return "good";
  return ["waiting", "active", "connect", "opensent", "openconfirm", "note", "unknown"].includes(state) ? "warn" : "bad";
}
