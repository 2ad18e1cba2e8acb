import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type Browser, openBrowser, openPage, type Page, selectService, signIn } from "../../../speaker/test/page/browser.ts";
import { ownerOf } from "../../src/answers.ts";
import { must } from "../../src/exec.ts";
import { powerOff } from "../../src/faults.ts";
import { run } from "../../src/hosts.ts";
import { bin, kubeconfigPath, root } from "../../src/paths.ts";
import { pulumiOutput } from "../../src/pulumi.ts";
import { show } from "../../src/router.ts";
import { addressesOf, eventually, kube, npm } from "../support.ts";

/** The page in Chromium, of the lab's cluster: what a person reads is compared with what the client, the router and kubectl say. */
const nodes = ["node1", "node2", "node3"];
const nodeOfHop = (hop: string): string => `node${hop.slice(-1)}`;
/** So long may pass between the cluster's knowing of a move and the page's showing it. */
const shownWithin = 2000;

let browser: Browser;
let page: Page;
let forward: ChildProcess | undefined;
let url = "";
const directory = mkdtempSync(join(tmpdir(), "berth-page-"));
const file = (name: string): string => join(directory, name);
let victim = "";
const address = { layer2: "", bgp: "" };

const pods = (namespace: string, selector: string): { readonly name: string; readonly node: string }[] =>
  kube("get", "pods", "-n", namespace, "-l", selector, "-o", `jsonpath={range .items[*]}{.metadata.name} {.spec.nodeName},{end}`)
    .split(",")
    .filter((line) => line !== "")
    .map((line) => ({ name: line.split(" ")[0] ?? "", node: line.split(" ")[1] ?? "" }));
/** The pods of the demo in the order in which they are drawn: by node, then by name. */
const drawnPods = (): string =>
  pods("demo", "app=page")
    .sort((a, b) => (`${a.node} ${a.name}` < `${b.node} ${b.name}` ? -1 : 1))
    .map(({ name }) => name)
    .join(", ");

/** Forwards a port of a controller that stands on another node than the one that will be lost. @returns the URL of the page */
async function forwardPage(): Promise<string> {
  const controller = pods("berth-system", "app.kubernetes.io/component=controller").find(({ node }) => node !== victim);
  assert.ok(controller !== undefined, `every controller stands on ${victim}`);
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as { readonly port: number };
  probe.close();
  const words = ["port-forward", "-n", "berth-system", `pod/${controller.name}`, `${port}:7474`];
  forward = spawn(bin("kubectl"), ["--kubeconfig", kubeconfigPath, ...words], { stdio: ["ignore", "pipe", "inherit"] });
  assert.ok(forward.stdout !== null);
  await once(forward.stdout, "data");
  return `https://127.0.0.1:${port}/`;
}

/** The moment at which the cluster first knows that another node than the victim answers for an address. */
function moveKnown(service: string): { readonly at: Promise<number>; stop(): void } {
  const columns = "custom-columns=N:.status.node,S:.status.service,A:.status.announcing";
  const words = ["get", "serviceannouncements", "-n", "demo", "--watch", "--no-headers", "-o", columns];
  const watch = spawn(bin("kubectl"), ["--kubeconfig", kubeconfigPath, ...words], { stdio: ["ignore", "pipe", "inherit"] });
  const at = new Promise<number>((resolve) => {
    let seen = "";
    watch.stdout.on("data", (chunk: Buffer) => {
      seen += chunk.toString();
      const isThere = seen
        .split("\n")
        .map((line) => line.trim().split(/\s+/))
        .some(([node, of, announcing]) => of === service && announcing === "true" && node !== victim);
      if (isThere) resolve(performance.now());
    });
  });
  return { at, stop: () => watch.kill() };
}

/** Makes a certificate for berth.test, puts it into a Secret, and lets LoadBalancer name it. */
async function giveCertificate(): Promise<void> {
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", file("tls.key")];
  const subject = ["-subj", "/CN=berth.test", "-addext", "subjectAltName=DNS:berth.test"];
  must(["openssl", "req", "-x509", ...key, "-days", "2", ...subject, "-out", file("tls.crt")]);
  kube("create", "secret", "tls", "berth-tls", "-n", "berth-system", `--cert=${file("tls.crt")}`, `--key=${file("tls.key")}`);
  const config = readFileSync(join(root, "Pulumi.lab.yaml"), "utf8");
  const named = config.replace("berth:loadBalancer:\n", "berth:loadBalancer:\n    certificateSecret: berth-tls\n");
  assert.notEqual(named, config);
  writeFileSync(file("Pulumi.lab.yaml"), named);
  const { code, stdout, stderr } = pulumiOutput(
    ["up", "--yes", "--stack", "lab", "--non-interactive", "--skip-preview", "--suppress-progress"].concat(
      "--config-file",
      file("Pulumi.lab.yaml"),
    ),
  );
  assert.equal(code, 0, (stdout + stderr).slice(-1500));
}

before(async () => {
  const { code, output } = npm("start");
  assert.equal(code, 0, output.slice(-1500));
  await giveCertificate();
  address.layer2 = addressesOf("layer2-page")[0] ?? "";
  address.bgp = addressesOf("bgp-page")[0] ?? "";
  victim = ownerOf(address.layer2);
  url = await forwardPage();
  browser = await openBrowser();
  ({ page } = await openPage(browser));
  await signIn(page, url, kube("create", "token", "-n", "berth-system", "berth-viewer").trim());
  await page.getByRole("listbox", { name: "Services" }).waitFor();
});

after(async () => {
  await browser?.close();
  forward?.kill();
  rmSync(directory, { recursive: true, force: true });
  if (process.env["BERTH_KEEP_LAB"] === undefined) npm("run", "--silent", "lab", "--", "down");
});

/** Selects a Service. @returns what the drawing of an address says to one who does not see it */
async function wayOf(service: string, of: string): Promise<string> {
  await selectService(page, `demo/${service}`);
  const drawing = page.getByRole("img", { name: `The way of ${of}.` });
  await drawing.waitFor();
  return (await drawing.getAttribute("aria-label")) ?? "";
}

describe("the page of the lab", () => {
  it("is served with the certificate of the Secret that certificateSecret names, and so are the metrics of every speaker", () => {
    const asBerth = (at: string, path: string): string[] => {
      const [host = "", port = ""] = at.split(":");
      const trust = ["--cacert", file("tls.crt"), "--resolve", `berth.test:${port}:${host}`];
      return [
        "curl",
        "-sS",
        "--max-time",
        "10",
        ...trust,
        "-o",
        "/dev/null",
        "-w",
        "%{http_code}",
        `https://berth.test:${port}${path}`,
      ];
    };
    assert.equal(must(asBerth(new URL(url).host, "/")), "200");
    for (const node of nodes) {
      // TLS is trusted by then: what is missing is a token.
      const { stdout, stderr } = run("client", asBerth(`172.30.0.1${node.slice(-1)}:7475`, "/metrics"));
      assert.equal(stdout, "401", `${node}: ${stderr}`);
    }
  });

  it("draws the way of a BGP address as the router has it: every next hop, and the pods behind", async () => {
    const routes = (): string[] =>
      [
        ...show("frr", ["show", "bgp", "ipv4", "unicast", `${address.bgp}/32`, "json"]).stdout.matchAll(
          /"ip":\s*"(172\.30\.0\.1\d)"/g,
        ),
      ]
        .map(([, hop]) => nodeOfHop(hop ?? ""))
        .sort();
    await eventually("the router has three next hops", 30, () => new Set(routes()).size === 3);
    const way = await wayOf("bgp-page", address.bgp);
    assert.equal(
      way,
      `The way of ${address.bgp}. Client: Client; Router: 172.30.0.1; Node: ${[...new Set(routes())].join(", ")}; Pod: ${drawnPods()}`,
    );
  });

  it("shows what the router sees, what each node tells it, and what it tells the nodes, with the attributes", async () => {
    const vtysh = ["vtysh", "--vty_socket", "/run/frr"];
    const words = [
      "configure terminal",
      "router bgp",
      "no bgp network import-check",
      "address-family ipv4 unicast",
      "network 198.51.100.0/24",
    ];
    assert.equal(run("router", [...vtysh, ...words.flatMap((one) => ["-c", one])]).code, 0);
    await page.getByRole("link", { name: "Routes" }).click();
    const row = (table: string, text: string) =>
      page.getByRole("table", { name: table }).getByRole("row").filter({ hasText: text });
    /** Asks the speakers again until a row is there: a router may just have been told. Not before an answer has had time to come: asking anew gives up what was asked. */
    const askUntil = async (wanted: ReturnType<typeof row>): Promise<string> => {
      for (const end = Date.now() + 90_000; (await wanted.count()) === 0 && Date.now() < end; await sleep(3000))
        await page.getByRole("button", { name: "Ask again" }).click();
      return (await wanted.textContent()) ?? "";
    };
    const withEveryNode = nodes.reduce(
      (found, node) => found.filter({ hasText: node }),
      row("What routers see", `${address.bgp}/32`),
    );
    const seen = await askUntil(withEveryNode);
    for (const node of nodes) assert.match(seen, new RegExp(`172\\.30\\.0\\.1${node.slice(-1)} ?${node}`));
    await page.getByLabel("Adj-RIB-Out").check();
    await page.getByRole("combobox", { name: "Node" }).selectOption("node2");
    // The table of all nodes stands until the answer of the one is there.
    const told = row("Adj-RIB-Out", `${address.bgp}/32`);
    await page
      .getByRole("table", { name: "Adj-RIB-Out" })
      .getByRole("row", { name: /node1/ })
      .first()
      .waitFor({ state: "detached" });
    assert.match((await told.textContent()) ?? "", /172\.30\.0\.12.*node2.*ORIGIN igp.*AS_PATH 65000/);
    await page.getByLabel("Adj-RIB-In").check();
    const heard = row("Adj-RIB-In", "198.51.100.0/24");
    assert.match(await askUntil(heard), /172\.30\.0\.1.*node2.*ORIGIN igp.*AS_PATH 65001/);
    await page.getByLabel("Loc-RIB").check();
    await page.getByRole("searchbox").fill(address.bgp);
    await row("Loc-RIB", `${address.bgp}/32`).waitFor();
    await page.getByRole("searchbox").fill("");
  });

  it("draws the way of a Layer2 address over the node that answers, and shows within two seconds that another took over, and why", async () => {
    const before = drawnPods();
    assert.equal(
      await wayOf("layer2-page", address.layer2),
      `The way of ${address.layer2}. Client: Client; Layer2 segment: Layer2 segment; Node: ${victim}; Pod: ${before}`,
    );
    const known = moveKnown("layer2-page");
    const others = nodes.filter((node) => node !== victim).join("|");
    const drawn = page
      .getByRole("img", { name: new RegExp(`^The way of ${address.layer2.replaceAll(".", "\\.")}\\..* Node: (${others});`) })
      .waitFor({ timeout: 60_000 })
      .then(() => performance.now());
    await sleep(500);
    await powerOff(victim);
    const [knownAt, drawnAt] = await Promise.all([known.at, drawn]);
    known.stop();
    assert.ok(
      drawnAt - knownAt <= shownWithin,
      `the page showed the move ${Math.round(drawnAt - knownAt)} ms after it was known`,
    );
    const successor = ownerOf(address.layer2);
    await page
      .getByRole("listitem")
      .filter({ hasText: successor })
      .getByText(/stopped to answer/)
      .waitFor({ timeout: 20_000 });
    await page.getByRole("link", { name: "Timeline" }).click();
    // A hand-over of before may have led the same way.
    const told = `${successor} answers for ${address.layer2} in place of ${victim}: took over from ${victim}`.replaceAll(
      ".",
      "\\.",
    );
    await page.getByRole("cell", { name: new RegExp(`${told}.*, which stopped to answer`) }).waitFor({ timeout: 20_000 });
  });

  it("believes no session of the node that was lost, and says why", async () => {
    await page.getByRole("link", { name: "Routes" }).click();
    const row = page.getByRole("row").filter({ hasText: victim }).filter({ hasText: "its speaker is not Ready" });
    await row.first().waitFor({ timeout: 60_000 });
    assert.match((await row.first().textContent()) ?? "", /unknown/);
  });
});
