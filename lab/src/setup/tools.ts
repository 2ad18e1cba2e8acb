import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, copyFileSync, existsSync, globSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { LabError, must, progress } from "../exec.ts";
import { bin, binDirectory, root } from "../paths.ts";
import { go } from "./go.ts";

/** One program that is built from a Go module of `lab/tools`. */
interface Tool {
  readonly name: string;
  readonly module: string;
  readonly package: string;
  /** How long it takes on two cores when nothing is cached, in seconds. */
  readonly seconds: number;
  /** A script of the package that the program wants beside it, by its path from the package. */
  readonly beside?: string;
}

const kubernetes = (name: string, seconds: number): Tool => ({
  name,
  module: "kubernetes",
  package: `k8s.io/kubernetes/cmd/${name}`,
  seconds,
});

/** What the lab and the tests run. */
export const labTools: readonly Tool[] = [
  kubernetes("kube-apiserver", 190),
  { name: "pulumi", module: "pulumi", package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi", seconds: 190 },
  { name: "etcd", module: "etcd", package: "go.etcd.io/etcd/server/v3", seconds: 60 },
  kubernetes("kube-controller-manager", 55),
  kubernetes("kubelet", 25),
  kubernetes("kubectl", 25),
  kubernetes("kube-proxy", 10),
  kubernetes("kube-scheduler", 10),
  {
    name: "pulumi-language-nodejs",
    module: "pulumi-language-nodejs",
    package: "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs",
    seconds: 20,
  },
  {
    name: "pulumi-language-python",
    module: "pulumi-language-python",
    package: "github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python",
    seconds: 40,
    beside: "../pulumi-language-python-exec",
  },
  {
    name: "pulumi-language-go",
    module: "pulumi-language-go",
    package: "github.com/pulumi/pulumi/sdk/v3/go/pulumi-language-go",
    seconds: 40,
  },
  { name: "generate-sdks", module: "generate-sdks", package: "berth.dev/lab/tools/generate-sdks", seconds: 120 },
];

/** What only measurements run: built when somebody asks for it by name. */
const benchTools: readonly Tool[] = [
  { name: "gobgpd4", module: "gobgp", package: "github.com/osrg/gobgp/v4/cmd/gobgpd", seconds: 60 },
  { name: "gobgp4", module: "gobgp", package: "github.com/osrg/gobgp/v4/cmd/gobgp", seconds: 15 },
];
const allTools = [...labTools, ...benchTools];

/** The versions that the programs say they have: a build from a module does not know its own. */
const versions: Readonly<Record<string, string>> = {
  kubernetes: " -X k8s.io/component-base/version.gitVersion=v1.34.4",
  pulumi: " -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v3.259.0",
};
const linkFlags = (tool: Tool): string => `-s -w${versions[tool.module] ?? ""}`;
const moduleDirectory = (tool: Tool): string => join(root, "lab/tools", tool.module);

/** Builds every one of some tools that is missing or older than its module, one after the other (Go uses all cores by itself). @throws LabError with the end of the output when one fails */
export async function ensureTools(tools: readonly Tool[]): Promise<void> {
  mkdirSync(binDirectory, { recursive: true });
  await buildAll(tools.filter((tool) => !isCurrent(tool)));
}

/** Builds one tool unless it is current, and gives back its path. @throws LabError when there is no tool of that name */
export async function ensureTool(name: string): Promise<string> {
  const tool = allTools.find((one) => one.name === name);
  if (tool === undefined)
    throw new LabError(`there is no tool "${name}"; there are ${allTools.map((one) => one.name).join(", ")}`);
  mkdirSync(binDirectory, { recursive: true });
  if (!isCurrent(tool)) await buildAll([tool]);
  return bin(name);
}

async function buildAll(stale: readonly Tool[]): Promise<void> {
  for (const [index, tool] of stale.entries()) {
    progress(`building ${tool.name} (${index + 1} of ${stale.length}; takes about ${tool.seconds} s when nothing is cached)`);
    const started = Date.now();
    await build(tool);
    progress(`built ${tool.name} in ${((Date.now() - started) / 1000).toFixed(0)} s`);
  }
}

/** What a tool is built from, as one digest. */
function digest(tool: Tool): string {
  const hash = createHash("sha256").update(tool.package).update(linkFlags(tool));
  const directory = moduleDirectory(tool);
  for (const file of ["go.mod", "go.sum", ...globSync("*.go", { cwd: directory }).sort()])
    hash.update(readFileSync(join(directory, file)));
  return hash.digest("hex");
}

function isCurrent(tool: Tool): boolean {
  const stamp = bin(`${tool.name}.sha256`);
  return existsSync(bin(tool.name)) && existsSync(stamp) && readFileSync(stamp, "utf8") === digest(tool);
}

function build(tool: Tool): Promise<void> {
  const target = bin(`${tool.name}.new`);
  const args = ["build", "-trimpath", "-ldflags", linkFlags(tool), "-o", target, tool.package];
  return new Promise((resolve, reject) => {
    const child = spawn(go(), args, {
      cwd: moduleDirectory(tool),
      env: { ...process.env, CGO_ENABLED: "0" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    const keep = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-4000);
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    child.on("error", reject);
    child.on("close", (code) => {
      if (code !== 0) return reject(new LabError(`building ${tool.name} failed with exit code ${code}:\n${output.trim()}`));
      if (tool.beside !== undefined) copyBeside(tool, tool.beside);
      renameSync(target, bin(tool.name));
      writeFileSync(bin(`${tool.name}.sha256`), digest(tool));
      return resolve();
    });
  });
}

/** Copies a script of a tool's package out of Go's module cache, which is read-only. */
function copyBeside(tool: Tool, path: string): void {
  const directory = must([go(), "-C", moduleDirectory(tool), "list", "-f", "{{.Dir}}", tool.package]).trim();
  const target = bin(basename(path));
  copyFileSync(join(directory, path), `${target}.new`);
  chmodSync(`${target}.new`, 0o755);
  renameSync(`${target}.new`, target);
}
