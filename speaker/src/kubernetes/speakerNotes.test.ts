import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { publishedBy, speakerNote } from "./speakerNotes.ts";

describe("the note of a speaker", () => {
  const published = { layer2: { links: [{ name: "eth0" }] } };
  it("is read back by the others, under the name of its node", () => {
    const note = speakerNote("speaker-n1", { name: "n1", uid: "u" }, published);
    assert.deepEqual([...publishedBy([note])], [["n1", published]]);
  });
  it("goes with its Node", () => {
    const note = speakerNote("speaker-n1", { name: "n1", uid: "u" }, published);
    assert.deepEqual(note.metadata.ownerReferences, [{ apiVersion: "v1", kind: "Node", name: "n1", uid: "u" }]);
  });
  it("is passed over when it cannot be read", () => {
    const note = speakerNote("speaker-n1", { name: "n1", uid: undefined }, published);
    for (const text of ["", "{", "[]", "7", "null"]) {
      const broken = { ...note, metadata: { ...note.metadata, annotations: { "berth.dev/published": text } } };
      assert.equal(publishedBy([broken]).size, 0);
    }
  });
});
