import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { announcersIn, urlOf } from "./exposedService.ts";

describe("the URL of an exposed service", () => {
  it("is absent without an address", () => assert.equal(urlOf(undefined, 80), undefined));
  it("leaves out the scheme's own port", () =>
    assert.deepEqual(
      [urlOf("192.0.2.1", 80), urlOf("192.0.2.1", 443), urlOf("192.0.2.1", 8080)],
      ["http://192.0.2.1", "https://192.0.2.1", "http://192.0.2.1:8080"],
    ));
  it("puts IPv6 in brackets", () => assert.equal(urlOf("fd00::1", 8080), "http://[fd00::1]:8080"));
});

describe("the announcers of an exposed service", () => {
  it("are none without a sentence", () => assert.deepEqual(announcersIn(undefined), []));
  it("are named once, whatever the family, or counted when they are many", () =>
    assert.deepEqual(
      [
        announcersIn("192.0.2.1 by node1 on eth0: owner; holds it; 2001:db8::1 by node1, node2.example"),
        announcersIn("192.0.2.1 by 7 nodes"),
      ],
      [["node1", "node2.example"], ["7 nodes"]],
    ));
});
