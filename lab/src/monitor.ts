import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { ruleFile } from "../../speaker/src/metrics/alerts.ts";
import { kubectl } from "./controlPlane.ts";
import { LabError, waitFor } from "./exec.ts";
import { run } from "./hosts.ts";
import { viewerToken } from "./metrics.ts";
import { insideHost } from "./processes.ts";

/** A Prometheus that scrapes Berth in the lab every second, with Berth's alerts, which need not hold for long there. */
export interface Monitor {
  /** Waits until an alert fires. @throws LabError when it does not within so many seconds, two minutes unless said otherwise */
  fires(alert: string, seconds?: number): Promise<void>;
  /** Waits until no alert fires, but for some. @throws LabError naming those that still do after four minutes */
  isQuiet(butFor?: readonly string[]): Promise<void>;
  stop(): Promise<void>;
}

const url = "http://127.0.0.1:9090/api/v1";

/** Starts Prometheus on a node, as docs/metrics.md has it: it reads with a token over TLS. */
export async function startMonitor(node: string, directory: string): Promise<Monitor> {
  const file = (name: string): string => join(directory, name);
  mkdirSync(file("data"), { recursive: true });
  writeFileSync(file("token"), viewerToken());
  writeFileSync(
    file("rules.yaml"),
    stringify(ruleFile({ hold: () => 1, window: ({ window = 0 }) => (window > 5 ? "90s" : "20s") }), { lineWidth: 0 }),
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
        file_sd_configs: [{ files: [file("targets.json")], refresh_interval: "1s" }],
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
  // Debian's Prometheus cannot ask Kubernetes for the pods: they are written down for it, as Kubernetes has them.
  const findPods = (): number => {
    const { stdout } = kubectl(["get", "pods", "--namespace", "berth-system", "--output", "json"]);
    const targets = stdout === "" ? [] : targetsOf(JSON.parse(stdout) as { readonly items: readonly FoundPod[] });
    writeFileSync(file("next.json"), JSON.stringify([{ targets }]));
    renameSync(file("next.json"), file("targets.json"));
    return targets.length;
  };
  findPods();
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
  const stop = async (): Promise<void> => {
    if (child.pid === undefined) throw new LabError("Prometheus could not be started; npm run lab -- up installs it");
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    process.kill(-child.pid, "SIGKILL");
    await gone;
  };
  try {
    await waitFor("a scrape of every pod of Berth", 60_000, () => {
      const [up, wanted] = [query("up == 1").length, findPods()];
      return (up > 0 && up === wanted) || `${up} of ${wanted} pods are scraped`;
    });
  } catch (error) {
    await stop();
    throw error;
  }
  const firingNow = (): string[] => {
    findPods();
    return firing();
  };
  return {
    fires: (alert, seconds = 120) =>
      waitFor(
        `the alert ${alert}`,
        seconds * 1000,
        () => firingNow().includes(alert) || `there fire ${firing().join(", ") || "none"}`,
      ),
    isQuiet: (butFor = []) =>
      waitFor("silence of all alerts", 240_000, () => {
        const left = firingNow().filter((alert) => !butFor.includes(alert));
        return left.length === 0 || `there fire ${left.join(", ")}`;
      }),
    stop,
  };
}

interface FoundPod {
  readonly metadata: { readonly labels?: Readonly<Record<string, string>>; readonly deletionTimestamp?: string };
  readonly status?: { readonly podIP?: string };
}

/** Where the pods serve their metrics. */
function targetsOf({ items }: { readonly items: readonly FoundPod[] }): string[] {
  return items.flatMap(({ metadata: { labels, deletionTimestamp }, status }) =>
    status?.podIP === undefined || deletionTimestamp !== undefined
      ? []
      : [`${status.podIP}:${labels?.["app.kubernetes.io/component"] === "speaker" ? 7475 : 7474}`],
  );
}
