import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { request } from "node:https";
import { createServer } from "node:net";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { crds } from "@berth/api/crds";
import { type ApiServer, startApiServer } from "../../../api/test/apiServer.ts";
import { buildPage } from "../../../scripts/page.ts";
import { openBrowser, openPage, signIn } from "../page/browser.ts";

const main = join(import.meta.dirname, "../../src/main.ts");
const page = join(import.meta.dirname, "../../dist/page");

interface Answer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: string;
}

let server: ApiServer;
let controller: ChildProcess;
let port: number;

function ask(path: string, token?: string, method = "GET"): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const one = request({ host: "127.0.0.1", port, path, method, headers, rejectUnauthorized: false }, (response) => {
      let body = "";
      response.on("data", (chunk: Buffer) => {
        body += chunk.toString();
        if (path === "/api/stream") {
          response.destroy();
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
        }
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    one.on("error", reject);
    one.end();
  });
}

const kubectl = (...args: string[]): string => {
  const { code, stdout, stderr } = server.kubectl(args);
  assert.equal(code, 0, stderr);
  return stdout.trim();
};

describe("the page, for those whom the cluster knows", () => {
  const tokens = { viewer: "", other: "" };
  before(async () => {
    await buildPage(page);
    server = await startApiServer();
    server.kubectl(["apply", "-f", "-"], JSON.stringify({ apiVersion: "v1", kind: "List", items: crds() }));
    kubectl("wait", "--for=condition=Established", "crd", "--all");
    for (const name of ["viewer", "other"]) kubectl("create", "serviceaccount", name);
    kubectl("create", "clusterrole", "viewer", "--verb=get", "--non-resource-url=/console");
    kubectl("create", "clusterrolebinding", "viewer", "--clusterrole=viewer", "--serviceaccount=default:viewer");
    tokens.viewer = kubectl("create", "token", "viewer");
    tokens.other = kubectl("create", "token", "other");
    kubectl("create", "service", "loadbalancer", "web", "--tcp=80:80");
    const probe = createServer().listen(0, "127.0.0.1");
    await once(probe, "listening");
    port = (probe.address() as { readonly port: number }).port;
    probe.close();
    const args = [main, "controller", "--http-address", "127.0.0.1:0", "--console-port", String(port)];
    controller = spawn(process.execPath, args, {
      env: { ...process.env, KUBECONFIG: server.kubeconfig, BERTH_NAMESPACE: "default" },
      stdio: "ignore",
    });
    for (const end = Date.now() + 30_000; Date.now() < end; await sleep(300)) {
      const answer = await ask("/api/explain?service=default/web", tokens.viewer).catch(() => undefined);
      if (answer?.status === 200 && answer.body.includes("NoEip")) return;
    }
    assert.fail("the page was not served within 30 s");
  });
  after(() => {
    controller?.kill("SIGKILL");
    server?.stop();
  });

  const data = ["/api/model", "/api/stream", "/api/explain?service=default/web", "/api/routes", "/metrics", "/state"];
  it("shows no data without a token, nor with a forged one", async () => {
    for (const path of data) {
      assert.equal((await ask(path)).status, 401, path);
      const forged = `${tokens.viewer.slice(0, -8)}AAAAAAAA`;
      for (const token of [forged, "x", ""]) assert.equal((await ask(path, token)).status, 401, path);
    }
  });
  it("shows no data to a user without the right, and says which one is missing", async () => {
    for (const path of data) {
      const { status, body } = await ask(path, tokens.other);
      assert.equal(status, 403, path);
      assert.match(body, /system:serviceaccount:default:other may not get \/(console|metrics|state)/);
    }
    assert.equal((await ask("/metrics", tokens.viewer)).status, 403, "the right to the page is none to the metrics");
  });
  it("shows the model, the stream and an explanation to one who has it", async () => {
    const model = JSON.parse((await ask("/api/model", tokens.viewer)).body) as { services: { key: string; state: string }[] };
    assert.deepEqual(
      model.services.map(({ key, state }) => [key, state]),
      [["default/web", "waiting"]],
    );
    const stream = await ask("/api/stream", tokens.viewer);
    assert.match(stream.body, /^event: model\ndata: \{"health"/);
    const why = JSON.parse((await ask("/api/explain?service=default/web", tokens.viewer)).body) as { cause: { reason: string } };
    assert.equal(why.cause.reason, "NoEip");
    assert.equal((await ask("/api/explain?service=default/nothing", tokens.viewer)).status, 404);
    const routes = JSON.parse((await ask("/api/routes?view=in", tokens.viewer)).body) as { rows: unknown[]; problems: unknown[] };
    assert.deepEqual([routes.rows, routes.problems], [[], []], "there are no speakers");
    const wrong = await ask("/api/routes?view=up", tokens.viewer);
    assert.deepEqual([wrong.status, wrong.body], [400, 'view "up" is not one of in, out, local, router\n']);
  });
  it("has no way to write, and no path but its own", async () => {
    for (const method of ["POST", "PUT", "PATCH", "DELETE"])
      for (const path of ["/", "/api/model", "/api/explain?service=default/web"])
        assert.equal((await ask(path, tokens.viewer, method)).status, 405, `${method} ${path}`);
    assert.equal((await ask("//", tokens.viewer)).status, 400);
    const { status, body } = await ask("/api/stream?", tokens.viewer, "HEAD");
    assert.deepEqual([status, body], [200, ""], "the head of the stream ends");
    for (const path of ["/healthz", "/api", "/../main.ts", "/__proto__", "/app.js.map"])
      assert.equal((await ask(path, tokens.viewer)).status, 404, path);
  });
  it("lets a person in with a token that the cluster knows, and says to others which right is missing", async () => {
    const browser = await openBrowser();
    const { page } = await openPage(browser);
    const url = `https://127.0.0.1:${port}/`;
    await signIn(page, url, "forged");
    await page.getByRole("alert").getByText("the API server does not know this token").waitFor();
    await signIn(page, url, tokens.other);
    await page.getByRole("alert").getByText("system:serviceaccount:default:other may not get /console").waitFor();
    await signIn(page, url, tokens.viewer);
    await page.getByRole("option", { name: /default\/web .*waiting for an address/ }).click();
    await page.getByRole("status").getByText(/NoEip/).waitFor();
    await browser.close();
  });
  it("sends what keeps a browser from being misled, and asks for nothing from elsewhere", async () => {
    for (const path of ["/", "/app.js", "/app.css", "/api/model", "/nothing"]) {
      const { headers } = await ask(path, tokens.viewer);
      assert.match(
        String(headers["content-security-policy"]),
        /^default-src 'none'; script-src 'self';.*frame-ancestors 'none'$/,
        path,
      );
      assert.equal(headers["x-content-type-options"], "nosniff");
      assert.equal(headers["referrer-policy"], "no-referrer");
      assert.equal(headers["set-cookie"], undefined);
    }
    const html = (await ask("/")).body;
    assert.doesNotMatch(html, /https?:|<script>|style=|onclick=/);
    assert.match(html, /<script type="module" src="\/app\.js">/);
  });
});
