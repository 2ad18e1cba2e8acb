import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { ruleFile } from "../../speaker/src/metrics/alerts.ts";
import { LabError, waitFor } from "./exec.ts";
import { run } from "./hosts.ts";
import { viewerToken } from "./metrics.ts";
import { kubeconfigPath } from "./paths.ts";
import { insideHost } from "./processes.ts";

/** A Prometheus that scrapes Berth in the lab every second, with Berth's alerts, which need not hold for long there. */
export interface Monitor {
  /** Waits until an alert fires. @throws LabError when it does not within a minute */
  fires(alert: string): Promise<void>;
  /** Waits until no alert fires. @throws LabError naming those that still do after two minutes */
  isQuiet(): Promise<void>;
  stop(): Promise<void>;
}

const url = "http://127.0.0.1:9090/api/v1";

/** Starts Prometheus on a node, as docs/metrics.md has it: it finds the pods by the Services, and reads with a token over TLS. */
export async function startMonitor(node: string, directory: string): Promise<Monitor> {
  const file = (name: string): string => join(directory, name);
  mkdirSync(file("data"), { recursive: true });
  writeFileSync(file("token"), viewerToken());
  writeFileSync(
    file("rules.yaml"),
    stringify(
      ruleFile(() => 1),
      { lineWidth: 0 },
    ),
  );
  const config = {
    global: { scrape_interval: "1s", scrape_timeout: "1s", evaluation_interval: "1s" },
    rule_files: [file("rules.yaml")],
    scrape_configs: [
      {
        job_name: "berth",
        scheme: "https",
        tls_config: { insecure_skip_verify: true },
        authorization: { credentials_file: file("token") },
        kubernetes_sd_configs: [{ role: "endpoints", namespaces: { names: ["berth-system"] }, kubeconfig_file: kubeconfigPath }],
        relabel_configs: [
          {
            source_labels: ["__meta_kubernetes_service_name"],
            regex: "berth-(controller|speaker)-metrics",
            action: "keep",
          },
          { source_labels: ["__meta_kubernetes_pod_node_name"], target_label: "node" },
        ],
      },
    ],
  };
  writeFileSync(file("prometheus.yaml"), stringify(config));
  const [program = "", ...args] = insideHost(node, [
    "prometheus",
    `--config.file=${file("prometheus.yaml")}`,
    `--storage.tsdb.path=${file("data")}`,
    "--web.listen-address=127.0.0.1:9090",
    "--log.level=warn",
  ]);
  // A process group of its own: nsenter stands between us and Prometheus.
  const child: ChildProcess = spawn(program, args, { stdio: "ignore", detached: true });
  const query = (
    expr: string,
  ): readonly { readonly metric: Readonly<Record<string, string>>; readonly value: readonly [number, string] }[] => {
    const { stdout } = run(node, ["curl", "-sS", "--max-time", "2", "-G", `${url}/query`, "--data-urlencode", `query=${expr}`]);
    if (stdout === "") return [];
    return (JSON.parse(stdout) as { readonly data?: { readonly result: ReturnType<typeof query> } }).data?.result ?? [];
  };
  const firing = (): string[] => [
    ...new Set(query('ALERTS{alertstate="firing"}').map(({ metric }) => metric["alertname"] ?? "")),
  ];
  await waitFor("a scrape of every pod of Berth", 60_000, () => {
    const up = query("up == 1").length;
    return up >= 5 || `${up} of 5 pods are scraped`;
  });
  return {
    fires: (alert) =>
      waitFor(`the alert ${alert}`, 60_000, () => firing().includes(alert) || `there fire ${firing().join(", ") || "none"}`),
    isQuiet: () => waitFor("silence of all alerts", 120_000, () => firing().length === 0 || `there fire ${firing().join(", ")}`),
    async stop(): Promise<void> {
      if (child.pid === undefined) throw new LabError("Prometheus could not be started");
      if (child.exitCode !== null) return;
      process.kill(-child.pid, "SIGKILL");
      await once(child, "exit");
    },
  };
}
