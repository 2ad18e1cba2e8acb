import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { urlOf } from "./exposedService.ts";

describe("the URL of an exposed service", () => {
  it("is absent without an address", () => assert.equal(urlOf(undefined, 80), undefined));
  it("leaves out the scheme's own port", () =>
    assert.deepEqual(
      [urlOf("192.0.2.1", 80), urlOf("192.0.2.1", 443), urlOf("192.0.2.1", 8080)],
      ["http://192.0.2.1", "https://192.0.2.1", "http://192.0.2.1:8080"],
    ));
  it("puts IPv6 in brackets", () => assert.equal(urlOf("fd00::1", 8080), "http://[fd00::1]:8080"));
});
