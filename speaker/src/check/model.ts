import type { ClusterFacts } from "../explain/clusterFacts.ts";
import type { ConfigMap, KubernetesObject } from "../kubernetes/objects.ts";
import type { SpeakerNote } from "../kubernetes/speakerNotes.ts";

/** A pod with what tells whose it is. */
export interface RunningPod extends KubernetesObject {
  readonly spec?: {
    readonly nodeName?: string;
    readonly containers?: readonly {
      readonly image?: string;
      readonly args?: readonly string[];
      readonly command?: readonly string[];
    }[];
  };
}

/** What `berth check` looks at. What the reader has no right to see is undefined, and the checks of it say that they cannot tell. */
export interface CheckFacts {
  readonly cluster: ClusterFacts;
  readonly notes: readonly SpeakerNote[] | undefined;
  /** Every pod of the cluster. */
  readonly pods: readonly RunningPod[] | undefined;
  /** kube-proxy's configuration, where kubeadm keeps it. */
  readonly kubeProxy: ConfigMap | undefined;
  /** Cilium's configuration, which says whether it announces addresses too. */
  readonly cilium: ConfigMap | undefined;
}

/** One thing that was looked at. A problem keeps something from working, a note is worth knowing; both say what to do. */
export interface CheckRow {
  readonly check: string;
  readonly verdict: "ok" | "problem" | "note" | "unknown";
  readonly message: string;
  /** What to do; empty when nothing is to be done. */
  readonly remedy: string;
}

export const fine = (check: string, message: string): CheckRow => ({ check, verdict: "ok", message, remedy: "" });
export const wrong = (check: string, message: string, remedy: string): CheckRow => ({
  check,
  verdict: "problem",
  message,
  remedy,
});
export const noted = (check: string, message: string, remedy: string): CheckRow => ({ check, verdict: "note", message, remedy });
export const untold = (check: string, message: string, remedy: string): CheckRow => ({
  check,
  verdict: "unknown",
  message,
  remedy,
});

/** The first names, and how many more there are. */
export function some(names: readonly string[], shown = 5): string {
  const sorted = [...names].sort();
  return sorted.length > shown ? `${sorted.slice(0, shown).join(", ")} and ${sorted.length - shown} more` : sorted.join(", ");
}
