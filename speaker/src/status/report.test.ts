import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { AnnouncementFact } from "../announce/announcer.ts";
import { formatReport, isAllWell, report, type SpeakerAnswer } from "./report.ts";

const fact = (address: string, more: Partial<AnnouncementFact>): AnnouncementFact => ({
  address,
  protocol: "layer2",
  isAnnouncing: false,
  via: [],
  refusal: undefined,
  because: "",
  ...more,
});
const speaker = (node: string, ...announcements: AnnouncementFact[]): SpeakerAnswer => ({
  node,
  state: { node, announcements, facts: {} },
});
const service = { service: "demo/page", addresses: ["172.30.0.200"], ports: ["80/TCP"], problem: undefined };

describe("the status report", () => {
  it("names the one node that answers for a Layer2 address, and why", () => {
    const rows = report(
      [service],
      [
        speaker("node2", fact("172.30.0.200", { isAnnouncing: true, because: "rank 1 of 2" })),
        speaker("node1", fact("172.30.0.200", {})),
      ],
    );
    assert.deepEqual(
      rows.map((row) => [row.announcedBy, row.remark, row.protocol]),
      [[["node2"], "rank 1 of 2", "layer2"]],
    );
    assert.ok(isAllWell(rows));
  });

  it("names every next hop of a BGP address, sorted", () => {
    const bgp = fact("172.30.0.200", { protocol: "bgp", isAnnouncing: true, because: "session with 172.30.0.1 is up" });
    const rows = report([service], [speaker("node2", bgp), speaker("node1", bgp)]);
    assert.deepEqual(rows[0]?.announcedBy, ["node1", "node2"]);
  });

  it("says who refused when nobody announces, and is not well", () => {
    const rows = report(
      [service],
      [speaker("node1", fact("172.30.0.200", { refusal: { reason: "NoInterface", message: "no interface is on the segment" } }))],
    );
    assert.equal(rows[0]?.remark, "node1: no interface is on the segment");
    assert.ok(!isAllWell(rows));
  });

  it("says why a Service waits", () => {
    const rows = report([{ ...service, addresses: [], problem: "Eip office is full" }], []);
    assert.deepEqual([rows[0]?.address, rows[0]?.remark, isAllWell(rows)], ["", "Eip office is full", false]);
  });

  it("mentions a speaker that does not answer", () => {
    const rows = report(
      [service],
      [speaker("node1", fact("172.30.0.200", { isAnnouncing: true })), { node: "node3", problem: "did not answer" }],
    );
    assert.equal(rows[0]?.remark, "node3: did not answer");
  });

  it("is a table whose columns line up", () => {
    const lines = formatReport(report([service, { ...service, service: "a/b" }], [])).split("\n");
    assert.equal(lines[0]?.indexOf("ADDRESS"), lines[1]?.indexOf("172.30.0.200"));
    assert.equal(lines[1]?.indexOf("172.30.0.200"), lines[2]?.indexOf("172.30.0.200"));
  });
});
