import type { BgpConfSpec } from "@berth/api/bgpConf";
import type { BgpPeerSpec } from "@berth/api/bgpPeer";
import type { EipSpec } from "@berth/api/eip";
import type { Meta } from "../kubernetes/objects.ts";

/** What an import reads and what it makes of it. Pure. */

/** An object as a manifest or the API server has it; nothing of its spec is trusted. */
export interface SourceObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Meta;
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly status?: Readonly<Record<string, unknown>>;
}

/** One object to declare: its name, and the spec in Berth's words. */
export interface Declared<Spec> {
  readonly name: string;
  readonly spec: Spec;
  /** Whether it is the pool of Services that name none. */
  readonly isDefault?: boolean;
  /** The Secret that holds the peer's password today, "namespace/name". */
  readonly passwordFrom?: string;
}

/** One line of the report: what could not be carried over as it was, and what to do about it. */
export interface Remark {
  /** The object, such as "BGPPeer metallb-system/router". */
  readonly about: string;
  readonly text: string;
  /** Whether a Service would lose its address, or something would be announced in another way, unless somebody acts. */
  readonly isSerious: boolean;
}

/** Everything that an import writes. */
export interface ImportPlan {
  readonly bgpConf: BgpConfSpec | undefined;
  readonly eips: readonly Declared<EipSpec>[];
  readonly peers: readonly Declared<BgpPeerSpec>[];
  /** Classes of Services that the old controller served. */
  readonly loadBalancerClasses: readonly string[];
  readonly remarks: readonly Remark[];
  /** Every address that a Service holds, and the pool that holds it from now on. */
  readonly kept: readonly { readonly service: string; readonly address: string; readonly eip: string | undefined }[];
}

/** "Kind namespace/name" of an object. */
export function titleOf({ kind, metadata }: SourceObject): string {
  return `${kind} ${metadata.namespace === undefined ? "" : `${metadata.namespace}/`}${metadata.name}`;
}

export function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

export function numberOf(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

/** The texts of a list; nothing when it is no list. */
export function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.flatMap((item) => textOf(item) ?? []) : [];
}

export function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

export function recordsOf(value: unknown): Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.map(recordOf) : [];
}

/** A Kubernetes duration ("90s", "1m30s", "1500ms") in seconds; undefined when it is none. */
export function secondsOf(value: unknown): number | undefined {
  const text = textOf(value);
  if (text === undefined || !/^(\d+(\.\d+)?(h|m|s|ms))+$/.test(text)) return undefined;
  const units: Readonly<Record<string, number>> = { h: 3600, m: 60, s: 1, ms: 0.001 };
  return [...text.matchAll(/(\d+(?:\.\d+)?)(ms|h|m|s)/g)].reduce(
    (sum, [, count, unit = "s"]) => sum + Number(count) * (units[unit] ?? 0),
    0,
  );
}
