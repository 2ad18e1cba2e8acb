import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { chinese, english, type Word } from "../../page/words.ts";

const directory = join(import.meta.dirname, "../../page");
/** Words that are the same in every language, or are names. */
const same: readonly Word[] = ["title", "tokenHint"];

describe("the words of the page", () => {
  const keys = Object.keys(english) as Word[];
  const sources = globSync("*.{ts,tsx}", { cwd: directory })
    .filter((name) => name !== "words.ts")
    .map((name) => readFileSync(join(directory, name), "utf8"))
    .join("\n");
  it("are all there in Chinese, and in Chinese", () => {
    assert.ok(keys.length > 50);
    assert.deepEqual(Object.keys(chinese).sort(), [...keys].sort());
    for (const key of keys) {
      assert.notEqual(chinese[key].trim(), "", key);
      const places = (text: string): string[] => (text.match(/\{\d\}/g) ?? []).sort();
      assert.deepEqual(places(chinese[key]), places(english[key]), key);
      if (same.includes(key)) assert.equal(chinese[key], english[key]);
      else if (key !== "language") assert.match(chinese[key], /\p{Script=Han}/u, key);
    }
    assert.equal(english.language, "中文", "each language is offered in its own words");
    assert.equal(chinese.language, "English");
  });
  it("are all used", () => {
    for (const key of keys)
      assert.match(sources, new RegExp(`"${key}"|\\b(row|check|address|service)\\.(state|verdict)\\b`), key);
    const named = keys.filter((key) => sources.includes(`"${key}"`));
    const byState: readonly Word[] = ["ok", "problem", "note", "unknown", "waiting", "silent", "conflict", "works"];
    assert.deepEqual(
      keys.filter((key) => !named.includes(key) && !byState.includes(key)),
      [],
    );
  });
  it("are no text of a part of the page itself", () => {
    // Text between tags that is more than signs, names of protocols and what is computed.
    const texts = [...sources.matchAll(/>\s*([A-Za-z][A-Za-z ]{3,})\s*</g)].map(([, text]) => text?.trim() ?? "");
    assert.deepEqual(
      texts.filter((text) => !["path ID"].includes(text)),
      [],
    );
  });
});
