import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { request as plainRequest } from "node:http";
import { request } from "node:https";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type ApiServer, startApiServer } from "../../../api/test/apiServer.ts";
import { freePort, installCrds, until } from "./harness.ts";

const main = join(import.meta.dirname, "../../src/main.ts");

interface Answer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: string;
}

/** Asks a process on this machine. @param headers such as authorization */
function ask(
  port: number,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  method = "GET",
  isSecure = true,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port, path, method, headers, rejectUnauthorized: false };
    const asking = (isSecure ? request : plainRequest)(options, (response) => {
      let body = "";
      response.on("data", (chunk: Buffer) => {
        body += chunk.toString();
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
      response.on("error", reject);
    });
    asking.on("error", reject);
    asking.end();
  });
}

describe("a speaker's metrics and state, for those whom the cluster knows", () => {
  let server: ApiServer;
  let speaker: ChildProcess;
  let log = "";
  const ports = { health: 0, secure: 0 };
  const tokens = { collector: "", viewer: "", other: "" };
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
  const kubectl = (...args: string[]): string => {
    const { code, stdout, stderr } = server.kubectl(args);
    assert.equal(code, 0, stderr);
    return stdout.trim();
  };

  before(async () => {
    server = await startApiServer();
    installCrds(server);
    for (const name of ["collector", "viewer", "other"] as const) {
      kubectl("create", "serviceaccount", name);
      tokens[name] = kubectl("create", "token", name);
    }
    for (const [name, path] of [
      ["collector", "/metrics"],
      ["viewer", "/state"],
    ] as const) {
      kubectl("create", "clusterrole", name, "--verb=get", `--non-resource-url=${path}`);
      kubectl("create", "clusterrolebinding", name, `--clusterrole=${name}`, `--serviceaccount=default:${name}`);
    }
    ports.health = await freePort();
    ports.secure = await freePort();
    speaker = spawn(
      process.execPath,
      [
        main,
        "speaker",
        "--layer2=false",
        "--metric-names=metallb",
        `--http-address=127.0.0.1:${ports.health}`,
        `--metrics-address=127.0.0.1:${ports.secure}`,
      ],
      {
        env: { ...process.env, KUBECONFIG: server.kubeconfig, BERTH_NAMESPACE: "default", NODE_NAME: "node1" },
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    speaker.stdout?.on("data", (chunk: Buffer) => {
      log += chunk.toString();
    });
    const isReady = async (): Promise<boolean> =>
      (await ask(ports.health, "/readyz", {}, "GET", false).catch(() => undefined))?.status === 200;
    await until("the speaker is ready, which probes may ask without TLS and token", 60, isReady);
  });
  after(async () => {
    if (speaker?.exitCode === null) {
      speaker.kill("SIGKILL");
      await once(speaker, "exit");
    }
    server?.stop();
  });

  it("answer a question for routes with its parameters, as the page asks it, and without any with the routes alone", async () => {
    const look = async (what: string): Promise<unknown> => {
      const { status, body } = await ask(ports.secure, `/look/bgp/rib/out${what}`, bearer(tokens.viewer));
      assert.equal(status, 200, body);
      return JSON.parse(body);
    };
    assert.deepEqual(await look("?search=&after=&limit=200"), { rows: [], total: 0, matching: 0, hasMore: false });
    assert.deepEqual(await look(""), []);
  });
  it("are not on the port of the probes", async () => {
    for (const path of ["/metrics", "/state", "/look/bgp/rib/in"]) {
      const { status, body } = await ask(ports.health, path, bearer(tokens.viewer), "GET", false);
      assert.equal(status, 404, path);
      assert.match(body, /TLS and a token/);
    }
  });
  it("are refused without a token, with a forged one, and without TLS", async () => {
    for (const path of ["/metrics", "/state", "/look/bgp/rib/in"]) {
      assert.equal((await ask(ports.secure, path)).status, 401, path);
      assert.equal((await ask(ports.secure, path, bearer(`${tokens.viewer.slice(0, -8)}AAAAAAAA`))).status, 401, path);
    }
    await assert.rejects(ask(ports.secure, "/metrics", bearer(tokens.collector), "GET", false));
  });
  it("need a right of their own each; who lacks it is told which", async () => {
    const refused = await ask(ports.secure, "/metrics", bearer(tokens.other));
    assert.equal(refused.status, 403);
    assert.match(refused.body, /system:serviceaccount:default:other may not get \/metrics/);
    assert.equal((await ask(ports.secure, "/state", bearer(tokens.collector))).status, 403);
    assert.equal((await ask(ports.secure, "/look/bgp/rib/in", bearer(tokens.collector))).status, 403);
    assert.equal((await ask(ports.secure, "/metrics", bearer(tokens.viewer))).status, 403);
  });
  it("are shown to those who have it, also with the token in the header that passes the API server's proxy", async () => {
    const metrics = await ask(ports.secure, "/metrics", bearer(tokens.collector));
    assert.equal(metrics.status, 200);
    const { headers } = metrics;
    assert.equal(headers["content-security-policy"], "default-src 'none'; frame-ancestors 'none'");
    assert.deepEqual([headers["strict-transport-security"], headers["cache-control"]], ["max-age=31536000", "no-store"]);
    assert.match(metrics.body, /^berth_synced 1$/m);
    assert.match(metrics.body, /^berth_kubernetes_requests_total\{method="GET",code="200"\} [1-9]/m);
    assert.match(metrics.body, /^# TYPE metallb_bgp_session_up gauge$/m, "names of others, as --metric-names asks for");
    const state = await ask(ports.secure, "/state", { "x-berth-authorization": `Bearer ${tokens.viewer}` });
    assert.equal(state.status, 200);
    assert.equal((JSON.parse(state.body) as { readonly node: string }).node, "node1");
  });
  it("cannot be written, and there is nothing else", async () => {
    for (const method of ["POST", "PUT", "DELETE"])
      assert.equal((await ask(ports.secure, "/metrics", bearer(tokens.collector), method)).status, 405);
    assert.equal((await ask(ports.secure, "//", bearer(tokens.collector))).status, 400);
    for (const path of ["/", "/healthz", "/debug", "/metrics/x"])
      assert.equal((await ask(ports.secure, path, bearer(tokens.collector))).status, 404, path);
  });

  it("logs one JSON line an event, with its reason in words, at a level that a ConfigMap changes while it runs", async () => {
    const lines = () =>
      log
        .split("\n")
        .slice(0, -1)
        .map((line) => JSON.parse(line) as Readonly<Record<string, string>>);
    const { pid } = speaker;
    const set = (...data: string[]): void => {
      server.kubectl(["delete", "configmap", "berth-log", "--ignore-not-found"]);
      if (data.length > 0) kubectl("create", "configmap", "berth-log", ...data.map((one) => `--from-literal=${one}`));
    };
    const says = (words: string): Promise<void> =>
      until(words, 30, () => lines().some(({ message }) => message?.includes(words) === true));
    set("level=error", "speaker.node1=debug");
    await says("logs at debug, as speaker.node1 of ConfigMap berth-log says");
    set("speaker=verbose");
    await says('speaker of ConfigMap berth-log: "verbose" is none of error, warn, info, debug; the level stays as it is');
    set();
    await says("logs at info, as --log-level says");
    assert.equal(speaker.pid, pid);
    assert.equal(speaker.exitCode, null);
    for (const line of lines()) {
      assert.match(line["time"] ?? "", /^\d{4}-\d\d-\d\dT/);
      for (const field of ["level", "event", "message"]) assert.ok(line[field], `${field} is missing in ${JSON.stringify(line)}`);
    }
  });

  it("stay readable while the API server is gone, to those who were let in before", async () => {
    assert.equal((await ask(ports.secure, "/metrics", bearer(tokens.collector))).status, 200);
    server.stop();
    // Longer than an answer is believed.
    await until(
      "somebody new is refused for want of an answer",
      30,
      async () => (await ask(ports.secure, "/state", bearer(tokens.other))).status === 503,
    );
    await sleep(11_000);
    assert.equal((await ask(ports.secure, "/metrics", bearer(tokens.collector))).status, 200);
  });
});
