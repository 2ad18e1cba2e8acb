import { spawn } from "node:child_process";
import { join } from "node:path";
import { root } from "./engine.ts";

const plugins = { kubernetes: "lab/kubernetes-plugin/pulumi-resource-kubernetes", berth: "provider/bin/pulumi-resource-berth" };

/** Starts both plugins once, for all engines that this process runs from then on; they end with it. */
export async function startPlugins(): Promise<void> {
  const ports = await Promise.all(Object.entries(plugins).map(async ([name, file]) => `${name}:${await start(file)}`));
  process.env["PULUMI_DEBUG_PROVIDERS"] = ports.join(",");
}

/** Starts a plugin that waits for engines. @returns its port */
function start(file: string): Promise<string> {
  const plugin = spawn(join(root, file), [], { stdio: ["ignore", "pipe", "inherit"] });
  process.on("exit", () => plugin.kill());
  return new Promise((resolve) => plugin.stdout.once("data", (port: Buffer) => resolve(port.toString().trim())));
}
