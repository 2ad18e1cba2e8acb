import type { KubernetesObject } from "./objects.ts";

/** Marks the Leases in which speakers tell of themselves. */
export const speakerLabel = "berth.dev/speaker";
const publishedAnnotation = "berth.dev/published";

/** A Lease in which a speaker tells the others of its node. It is not renewed: it says what is, not that the node lives. */
export interface SpeakerNote extends KubernetesObject {
  readonly spec?: { readonly holderIdentity?: string | null };
}

/** The node that a note belongs to. */
export interface NoteOwner {
  readonly name: string;
  /** With it the note goes when the Node goes. */
  readonly uid: string | undefined;
}

/**
 * The note of a node.
 * @param name of the Lease: unlike for unlike nodes, and short enough
 * @param published by protocol, what its announcers tell those of other nodes
 */
export function speakerNote(name: string, node: NoteOwner, published: Readonly<Record<string, unknown>>): SpeakerNote {
  const owner = { apiVersion: "v1", kind: "Node", name: node.name, uid: node.uid };
  return {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: {
      name,
      labels: { [speakerLabel]: "node" },
      annotations: { [publishedAnnotation]: JSON.stringify(published) },
      ...(node.uid === undefined ? {} : { ownerReferences: [owner] }),
    },
    spec: { holderIdentity: node.name },
  };
}

/** What all speakers have told, by node and then by protocol. A note that cannot be read is passed over. */
export function publishedBy(notes: readonly SpeakerNote[]): ReadonlyMap<string, Readonly<Record<string, unknown>>> {
  const found = new Map<string, Readonly<Record<string, unknown>>>();
  for (const { metadata, spec } of notes) {
    const published = parse(metadata.annotations?.[publishedAnnotation]);
    if (spec?.holderIdentity && published !== undefined) found.set(spec.holderIdentity, published);
  }
  return found;
}

function parse(text: string | undefined): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text ?? "");
    // A JSON object is a record of anything.
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
