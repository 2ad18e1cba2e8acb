import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Redactor, secretsIn } from "./redact.ts";

/** What an owner of a cluster would not want to see in a bug report, and where it stood. */
const planted = {
  secret: "s3cr3t-in-a-Secret",
  authPassword: "md5 of, the: router",
  annotation: "planted-annotation-value",
  env: "planted-variable-value",
};

const objects = [
  { kind: "Secret", metadata: { name: "router" }, data: { password: btoa(planted.secret) }, stringData: { x: "y" } },
  { kind: "BgpPeer", spec: { conf: { neighborAddress: "172.30.0.1", authPassword: planted.authPassword } } },
  {
    kind: "Service",
    metadata: {
      annotations: {
        "shop.example/api-token": planted.annotation,
        "shop.example/notes": "call 555-1234",
        "lb.kubesphere.io/v1alpha1": "openelb",
        "kubectl.kubernetes.io/last-applied-configuration": `{"spec":{"authPassword":"${planted.authPassword}"}}`,
      },
      managedFields: [{ manager: "x" }],
    },
  },
  {
    kind: "Pod",
    spec: {
      imagePullSecrets: [{ name: "registry" }],
      containers: [
        {
          args: ["speaker", "--log-level=info", "--api-token", "tok-123456"],
          env: [
            { name: "LICENCE", value: planted.env },
            { name: "NODE_NAME", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } },
          ],
        },
      ],
    },
  },
];

describe("secrets in a bug report", () => {
  const redactor = new Redactor(secretsIn(objects));
  const text = JSON.stringify(redactor.object(objects));
  for (const [where, value] of Object.entries(planted))
    it(`takes out what stood in ${where}, in plain text and in base64`, () => {
      assert.doesNotMatch(text, new RegExp(value.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")));
      assert.ok(!text.includes(btoa(value)));
    });
  it("leaves what a reader needs: addresses, Berth's annotations, names of Secrets, where variables come from", () => {
    for (const kept of ["172.30.0.1", '"openelb"', '"registry"', "spec.nodeName", "--log-level=info"])
      assert.ok(text.includes(kept), kept);
    assert.ok(!text.includes("555-1234"), "annotations of others are theirs");
    assert.ok(!text.includes("tok-123456"), "an argument with a telling name");
    assert.ok(!text.includes("managedFields"));
  });
  it("finds known values in a log, whatever stands around them", () => {
    const log = `{"event":"x","message":"peer said ${planted.authPassword}!"}\nGET /?q=${encodeURIComponent(planted.authPassword)}`;
    assert.equal(redactor.text(log), '{"event":"x","message":"peer said ***!"}\nGET /?q=***');
  });
  for (const [name, line, wanted] of [
    ["a token of Kubernetes", "token eyJhbGciOi.eyJzdWIiOi.c2lnbmF0dXJl used", "token *** used"],
    ["a header", "authorization: Bearer abcdefgh.ijkl", "authorization: Bearer ***"],
    ["a password in a URL", "dial https://user:hunter2@example.test/x", "dial https://user:***@example.test/x"],
    ["JSON in a log", '{"authPassword":"hunter2","as":65000}', '{"authPassword":"***","as":65000}'],
    ["escaped JSON in a log", '{"body":"{\\"password\\":\\"hunter2\\"}"}', '{"body":"{\\"password\\":\\"***\\"}"}'],
    ["an assignment", "PASSWORD=hunter2 berth", "PASSWORD=*** berth"],
    ["a key", "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\n-----END EC PRIVATE KEY-----", "***"],
    ["nothing", "node1 announces 192.0.2.1 to router", "node1 announces 192.0.2.1 to router"],
  ] as const)
    it(`takes ${name} out of a text`, () => assert.equal(new Redactor([]).text(line), wanted));
  it("does not take harmless text with a short value, and does take it out of its field", () => {
    const short = new Redactor(["abc"]);
    assert.equal(short.text("abcdef"), "abcdef");
    assert.deepEqual(short.object({ authPassword: "abc" }), { authPassword: "***" });
  });
});
