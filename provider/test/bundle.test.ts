import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { before, describe, it } from "node:test";

/** What `npm run plugin` packs: measured, started, asked. */
const root = dirname(dirname(import.meta.dirname));
const directory = join(root, "dist/plugin");
const launcher = join(directory, "contents/pulumi-resource-berth");
const env = { ...process.env, PATH: `${dirname(process.execPath)}:${join(root, ".lab/bin")}:${process.env["PATH"]}` };

/** The CPU time of a process so far, in milliseconds: what it would take by the clock on a core of its own. */
function cpuTime(pid: number): number {
  const [user, system] = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ").slice(11, 13) ?? [];
  return (Number(user) + Number(system)) * 10;
}

/** How long the plugin takes from its start to the port that it prints, in milliseconds: by the clock, or of CPU time when others have the cores. */
function timeToReady(): Promise<number> {
  const started = performance.now();
  const plugin = spawn(launcher, ["127.0.0.1:1"], { env, stdio: ["ignore", "pipe", "inherit"] });
  return new Promise((resolve, reject) => {
    plugin.stdout.once("data", (chunk: Buffer) => {
      resolve(/^\d+\n/.test(chunk.toString()) ? Math.min(performance.now() - started, cpuTime(plugin.pid ?? 0)) : Number.NaN);
      plugin.kill("SIGKILL");
    });
    plugin.once("error", reject);
    plugin.once("exit", () => reject(new Error("the plugin ended before it was ready")));
  });
}

before(() => {
  const { status, stderr } = spawnSync(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", join(root, "scripts/plugin.ts")],
    {
      encoding: "utf8",
    },
  );
  assert.equal(status, 0, stderr);
});

describe("the packed plugin", () => {
  it("is there for every platform under the name that the engine asks a release for, each below 3 MB", () => {
    const archives = readdirSync(directory).filter((file) => file.endsWith(".tar.gz"));
    const platforms = ["darwin-amd64", "darwin-arm64", "linux-amd64", "linux-arm64", "windows-amd64"];
    assert.deepEqual(
      archives.sort(),
      platforms.map((platform) => `pulumi-resource-berth-v0.1.0-${platform}.tar.gz`),
    );
    for (const archive of archives) assert.ok(statSync(join(directory, archive)).size < 3_000_000, archive);
  });

  it("is ready within a second (best of eight: the machine has other work)", async () => {
    const times: number[] = [];
    for (let trial = 0; trial < 8 && !times.some((time) => time < 1000); trial++) times.push(await timeToReady());
    assert.ok(
      times.some((time) => time < 1000),
      `milliseconds: ${times.map(Math.round).join(", ")}`,
    );
  });

  it("serves the whole schema", () => {
    const { status, stdout, stderr } = spawnSync("pulumi", ["package", "get-schema", launcher], {
      encoding: "utf8",
      env,
      maxBuffer: 1 << 26,
    });
    assert.equal(status, 0, stderr);
    const names = (text: string): string[] => Object.keys((JSON.parse(text) as { readonly resources: object }).resources).sort();
    assert.deepEqual(names(stdout), names(readFileSync(join(root, "provider/schema.json"), "utf8")));
  });
});
