import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { BgpPeer } from "@berth/api/bgpPeer";
import { clusterView } from "./view.ts";

describe("the password of a BgpPeer, as a speaker sees it", () => {
  const passwordOf = (
    passwordSecretRef: { readonly name: string; readonly key?: string },
    stored: Readonly<Record<string, string>>,
  ) => {
    const peer: BgpPeer = {
      apiVersion: "network.kubesphere.io/v1alpha2",
      kind: "BgpPeer",
      metadata: { name: "router" },
      spec: { conf: { neighborAddress: "172.30.0.1", peerAs: 65001, passwordSecretRef } },
    };
    const data = Object.fromEntries(Object.entries(stored).map(([key, text]) => [key, Buffer.from(text).toString("base64")]));
    const nothing = { services: [], nodes: [], endpointSlices: [], eips: [], bgpConfs: [], configMaps: [] };
    const scope = { loadBalancerClasses: [], handlesClassless: true };
    const objects = { ...nothing, bgpPeers: [peer], secrets: [{ metadata: { name: "bgp" }, data }] };
    return clusterView(objects, "node1", scope).passwords.get("router");
  };
  it('is under the key that it names, or under "password" where it names none, or an empty one', () => {
    const stored = { password: "first", other: "second" };
    assert.equal(passwordOf({ name: "bgp" }, stored), "first");
    assert.equal(passwordOf({ name: "bgp", key: "" }, stored), "first");
    assert.equal(passwordOf({ name: "bgp", key: "other" }, stored), "second");
  });
  it("is absent where there is no such Secret, no such key, or nothing in it", () => {
    assert.equal(passwordOf({ name: "none" }, { password: "first" }), undefined);
    assert.equal(passwordOf({ name: "bgp", key: "other" }, { password: "first" }), undefined);
    assert.equal(passwordOf({ name: "bgp" }, { password: "" }), undefined);
  });
  it("has the characters that were stored, also those beyond ASCII", () =>
    assert.equal(passwordOf({ name: "bgp" }, { password: "grün-鑰" }), "grün-鑰"));
});
