import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, it } from "node:test";
import { parseAllDocuments } from "yaml";
import { type ApiServer, startApiServer } from "../../../api/test/apiServer.ts";
import { choiceRules } from "../../../speaker/src/allocate/choose.ts";
import { type ControllerProcess, installCrds, kill, startController, until } from "../../../speaker/test/controller/harness.ts";

/** docs/addresses.md, followed word by word: each manifest and each program, with a controller on a real API server and the real engine. */
const guide = readFileSync(join(import.meta.dirname, "../../../docs/addresses.md"), "utf8");

/** What comes of each section's examples: "namespace/name" → its addresses. */
const sections: Readonly<Record<string, Readonly<Record<string, readonly RegExp[]>>>> = {
  Pools: { "default/page": [/^192\.0\.2\.(1\d|2[1-9]|3\d|40)$/] },
  "How a pool is chosen": { "shop/till": [/^198\.51\.100\.\d$/], "shop/mail": [/^203\.0\.113\.9$/] },
  "Addresses that stay": { "default/printer": [/^192\.0\.2\.100$/] },
  Sharing: { "default/dns-udp": [/^192\.0\.2\.133$/], "default/dns-tcp": [/^192\.0\.2\.133$/] },
  Tenancy: { "tenant/tenant-page": [/^198\.51\.100\.1[2-5]\d$/] },
  "Dual stack": { "both/dual": [/^192\.0\.2\.(19[2-9]|20[0-7])$/, /^2001:db8:6::/] },
};

let server: ApiServer;
let controller: ControllerProcess;

before(async () => {
  server = await startApiServer();
  installCrds(server);
  for (const [name, tenant] of [["shop"], ["both"], ["tenant", "true"]] as const) {
    const labels = tenant === undefined ? {} : { "berth.dev/tenant": tenant };
    apply({ apiVersion: "v1", kind: "Namespace", metadata: { name, labels } });
  }
  controller = await startController(server.kubeconfig, { POD_NAME: "guide" });
  await until("the controller leads", 30, () => controller.isLeader());
});
after(async () => {
  if (controller !== undefined) await kill(controller, "SIGTERM");
  server?.stop();
});

function apply(object: unknown): void {
  const { code, stderr } = server.kubectl(["apply", "-f", "-"], JSON.stringify(object));
  assert.equal(code, 0, stderr);
}

/** The code of a language in a section. */
function example(section: string, language: "yaml" | "ts"): string {
  const text = guide.split(/^## /m).find((part) => part.startsWith(`${section}\n`)) ?? "";
  const code = new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\``, "m").exec(text)?.[1] ?? "";
  assert.notEqual(code, "", `${section} has no ${language}`);
  return code;
}

function addresses(key: string): string[] {
  const [namespace = "", name = ""] = key.split("/");
  const { stdout } = server.kubectl(["get", "service", "-n", namespace, name, "-o", "json"]);
  const { status } = JSON.parse(stdout || "{}") as { status?: { loadBalancer?: { ingress?: { ip: string }[] } } };
  return (status?.loadBalancer?.ingress ?? []).map(({ ip }) => ip);
}

const isAsExpected = (expected: Readonly<Record<string, readonly RegExp[]>>): boolean =>
  Object.entries(expected).every(([key, patterns]) => {
    const found = addresses(key);
    return found.length === patterns.length && patterns.every((pattern, index) => pattern.test(found[index] ?? ""));
  });

describe("docs/addresses.md", { timeout: 300_000 }, () => {
  it("lists the rules of the code, in their order", () => {
    const section = guide.split(/^## /m).find((part) => part.startsWith("How a pool is chosen")) ?? "";
    assert.deepEqual(
      [...section.matchAll(/^\d\. \*\*(.+?)\*\*/gm)].map(([, name]) => name),
      choiceRules.map(({ name }) => name),
    );
  });

  for (const [section, expected] of Object.entries(sections)) {
    it(`${section}: the manifest, applied by kubectl, gives ${Object.keys(expected).join(" and ")} the addresses it promises`, async () => {
      const manifest = example(section, "yaml");
      assert.ok(parseAllDocuments(manifest).length >= 2);
      const { code, stderr } = server.kubectl(["apply", "-f", "-"], manifest);
      assert.equal(code, 0, stderr);
      await until(`the addresses of ${section}`, 30, () => isAsExpected(expected));
      assert.equal(server.kubectl(["delete", "--wait=false", "-f", "-"], manifest).code, 0);
    });
  }

  it("the programs, run by one pulumi up, give the same, and a second time nothing changes", async () => {
    const program = Object.keys(sections)
      .map((section) => `{\n${example(section, "ts")}}\n`)
      .join("");
    const follower = spawn(process.execPath, [join(import.meta.dirname, "followGuide.ts"), server.kubeconfig], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const answers = createInterface({ input: follower.stdout })[Symbol.asyncIterator]();
    const up = async () => {
      follower.stdin.write(`${JSON.stringify(program)}\n`);
      const { value } = (await answers.next()) as { value: string };
      const { failure, said, changes } = JSON.parse(value) as { failure: boolean; said: string; changes: Record<string, number> };
      assert.equal(failure, false, said);
      return changes;
    };
    await up();
    for (const [section, expected] of Object.entries(sections))
      await until(`the addresses of ${section}`, 30, () => isAsExpected(expected));
    const { create = 0, update = 0, delete: deleted = 0 } = await up();
    assert.deepEqual([create, update, deleted], [0, 0, 0]);
    follower.stdin.end();
    const [code] = await once(follower, "exit");
    assert.equal(code, 0);
  });
});
