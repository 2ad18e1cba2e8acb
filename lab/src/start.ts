/** npm start: the main job, from nothing to an answered request. Set-up, image, lab, `pulumi up`, and both pages fetched. */
import { LabError, progress, waitFor } from "./exec.ts";
import { run } from "./hosts.ts";
import { kubeconfigPath } from "./paths.ts";
import { prepareLab, script } from "./prepare.ts";
import { pulumi, pulumiOutput, selectLabStack } from "./pulumi.ts";

/** Who reads which page: a host of the lab and the exposed service. */
const readers = [
  { host: "client", service: "layer2-page", where: "a client on the LAN" },
  { host: "outside", service: "bgp-page", where: "a client behind the BGP router" },
] as const;

/** Fetches a page from a host of the lab, trying for some seconds: a router may need a moment to learn a route. */
async function fetchPage(host: string, url: string): Promise<string> {
  let page = "";
  await waitFor(`an answer from ${url} to ${host}`, 20_000, () => {
    const { code, stdout, stderr } = run(host, ["curl", "-sS", "--max-time", "2", url]);
    page = stdout.trim();
    return code === 0 || stderr.trim();
  });
  return page;
}

async function start(): Promise<void> {
  await prepareLab();
  progress("pulumi up: everything that Pulumi.lab.yaml declares");
  selectLabStack();
  if (
    (await pulumi([
      "up",
      "--yes",
      "--stack",
      "lab",
      "--non-interactive",
      "--suppress-progress",
      "--refresh",
      "--skip-preview",
    ])) !== 0
  )
    throw new LabError("pulumi up failed; the lines above say why");
  const { urls } = JSON.parse(pulumiOutput(["stack", "output", "--json", "--stack", "lab"]).stdout) as {
    readonly urls: Readonly<Record<string, string>>;
  };
  const pages: string[] = [];
  for (const { host, service, where } of readers) {
    const url = urls[service];
    if (url === undefined) throw new LabError(`the stack has no exposed service ${service}`);
    pages.push(`${where} reads ${url}\n  ${await fetchPage(host, url)}`);
  }
  process.stdout.write("\n");
  const isWell = script("speaker/src/main.ts", "status", "--wait", "15", "--kubeconfig", kubeconfigPath) === 0;
  process.stdout.write(`\n${pages.join("\n")}\n\n`);
  if (!isWell) throw new LabError("not everything is well; the table above says what is not");
  process.stdout.write(
    "Look around:\n  npm run lab -- kubectl get eip,bgpconf,bgppeer,svc -A\n  npm run lab -- router show ip bgp\n  npm run lab -- power-off node1\nSee it, on https://localhost:7474:\n  npm run lab -- kubectl port-forward -n berth-system service/berth-console 7474:443\n  npm run lab -- kubectl create token -n berth-system berth-viewer\nEnd it:\n  npm run lab -- down\n",
  );
}

try {
  await start();
} catch (error) {
  process.stderr.write(
    `berth: ${error instanceof LabError ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  process.exitCode = 1;
}
