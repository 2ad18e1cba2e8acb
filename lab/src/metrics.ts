import { kubectl } from "./controlPlane.ts";
import { LabError } from "./exec.ts";
import { run } from "./hosts.ts";

let token = "";

/** A token of the account that may see what Berth shows. */
export function viewerToken(): string {
  if (token === "") {
    const { code, stdout, stderr } = kubectl(["create", "token", "berth-viewer", "--namespace", "berth-system"]);
    if (code !== 0) throw new LabError(`no token for berth-viewer: ${stderr.trim()}`);
    token = stdout.trim();
  }
  return token;
}

/** The metrics of a node's speaker, as a collector with a token reads them; empty when they cannot be read within a second. */
export function metricsOf(node: string): string {
  const header = `authorization: Bearer ${viewerToken()}`;
  return run(node, ["curl", "-sk", "--fail", "--max-time", "1", "-H", header, "https://127.0.0.1:7475/metrics"]).stdout;
}
