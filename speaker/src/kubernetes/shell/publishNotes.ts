import { createHash } from "node:crypto";
import type { Logger } from "../../ports/logger.ts";
import { type NoteOwner, speakerNote } from "../speakerNotes.ts";
import { type Api, ApiError } from "./api.ts";

/** What is published is looked at again this often, in milliseconds; it is written when it has changed. */
const lookInterval = 1000;
const longestName = 253;

/** Keeps this node's note for other speakers as its announcers want it: tried again until the API server takes it. */
export function publishNotes(
  api: Api,
  namespace: string,
  owner: () => NoteOwner,
  published: () => Readonly<Record<string, unknown>>,
  logger: Logger,
): { changed(): void; close(): void } {
  const path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;
  let written = "";
  let isWriting = false;
  let failures = 0;
  const interval = setInterval(changed, lookInterval);

  function changed(): void {
    if (isWriting) return;
    const told = published();
    const note = speakerNote(nameOf(owner().name), owner(), told);
    const text = JSON.stringify(note);
    if (text === written || Object.keys(told).length === 0) return;
    isWriting = true;
    void write(`${path}/${note.metadata.name}`, note)
      .then(
        () => {
          written = text;
          failures = 0;
        },
        (error: unknown) => {
          if (failures++ % 30 === 0)
            logger.warn(
              { event: "publishFailed", error: String(error) },
              "cannot tell the other speakers of this node's interfaces",
            );
        },
      )
      .finally(() => {
        isWriting = false;
      });
  }

  async function write(one: string, note: unknown): Promise<void> {
    try {
      await api.send("PATCH", one, note);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 404) throw error;
      await api.send("POST", path, note);
    }
  }

  return { changed, close: () => clearInterval(interval) };
}

/** The name of a node's Lease; of a node with a very long name the digest stands in for its end. */
function nameOf(node: string): string {
  const name = `speaker-${node}`;
  return name.length <= longestName
    ? name
    : `${name.slice(0, 200)}-${createHash("sha256").update(node).digest("hex").slice(0, 16)}`;
}
