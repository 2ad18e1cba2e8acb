import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { Agent, createServer, request } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { accessOf } from "./harness.ts";

/** What happens to one request: it goes through, is answered with a status, waits, or goes through and its answer is lost. */
export type Fault =
  | "pass"
  | { readonly status: number; readonly retryAfter?: number }
  | { readonly stall: number }
  | "loseAnswer";

/** An API server that misbehaves on demand: a proxy before a real one. */
export interface FaultyApi {
  readonly kubeconfig: string;
  /** Decides over each request from now on. @param choose gets method and path with query */
  inject(choose: (method: string, path: string) => Fault): void;
  /** How many requests met a fault. */
  faults(): number;
  close(): void;
}

export async function startFaultyApi(kubeconfig: string): Promise<FaultyApi> {
  const directory = mkdtempSync(join(tmpdir(), "berth-faulty-api-"));
  const [key, certificate] = [join(directory, "key.pem"), join(directory, "certificate.pem")];
  spawnSync("openssl", [
    ...["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"],
    ...["-keyout", key, "-out", certificate],
  ]);
  const target = new URL(accessOf(kubeconfig).server);
  const agent = new Agent({ keepAlive: true, maxSockets: 256, rejectUnauthorized: false });
  let choose: (method: string, path: string) => Fault = () => "pass";
  let count = 0;
  const server = createServer({ key: readFileSync(key), cert: readFileSync(certificate) }, (incoming, outgoing) => {
    const { method = "GET", url: path = "/", headers } = incoming;
    const fault = choose(method, path);
    if (fault !== "pass") count++;
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => void serve());
    outgoing.on("error", () => undefined);
    async function serve(): Promise<void> {
      if (typeof fault === "object" && "status" in fault) {
        const body = { kind: "Status", apiVersion: "v1", status: "Failure", message: "injected", code: fault.status };
        if (fault.retryAfter !== undefined) outgoing.setHeader("retry-after", fault.retryAfter);
        outgoing.writeHead(fault.status, { "content-type": "application/json" }).end(JSON.stringify(body));
        return;
      }
      // A stalled request is carried out after the wait, even if its sender has gone: the worst that a busy server does.
      if (typeof fault === "object") await sleep(fault.stall);
      const onward = request(
        { host: target.hostname, port: target.port, method, path, headers: { ...headers, host: target.host }, agent },
        (answer) => {
          if (fault === "loseAnswer") {
            answer.resume();
            outgoing.destroy();
            return;
          }
          outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
          answer.pipe(outgoing);
          outgoing.on("close", () => answer.destroy());
        },
      );
      onward.on("error", () => outgoing.destroy());
      onward.end(Buffer.concat(chunks));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const file = join(directory, "kubeconfig");
  writeFileSync(file, readFileSync(kubeconfig, "utf8").replace(target.origin, `https://127.0.0.1:${port}`));
  return {
    kubeconfig: file,
    inject: (next) => {
      choose = next;
    },
    faults: () => count,
    close: () => {
      server.closeAllConnections();
      server.close();
      agent.destroy();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
