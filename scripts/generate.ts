/**
 * Writes every file that comes from `api/`, `provider/` and the table of metrics, and the SDKs, which come from the schema; with --check only compares, and
 * fails when one is out of date. The SDKs need Go: --no-sdks leaves them out, and compares the digest of the schema they were made from.
 * Usage: npm run generate [-- --check] [--no-sdks]
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { crds } from "@berth/api/crds";
import { stringify } from "yaml";
import { type Samples, schema } from "../provider/src/schema.ts";
import { alerts, ruleFile } from "../speaker/src/metrics/alerts.ts";
import { dashboardJson, dashboards } from "../speaker/src/metrics/dashboards.ts";
import { metricsPage } from "../speaker/src/metrics/document.ts";
import { schemaDigest, sdkFiles, strays } from "./sdks.ts";
import { root } from "./stages.ts";

const header = "# Generated from api/ by `npm run generate`. Do not edit.\n";

/** Path in the repository → what must be there. */
const files: Readonly<Record<string, string>> = {
  "api/crds.yaml":
    header +
    crds()
      .map((crd) => `---\n${stringify(crd, { lineWidth: 140 })}`)
      .join(""),
  "provider/schema.json": `${JSON.stringify(schema(samples()), null, 2)}\n`,
  "docs/metrics-reference.md": metricsPage(alerts),
  "monitoring/prometheus-rules.yaml": `# Generated from speaker/src/metrics by \`npm run generate\`. Do not edit.\n${stringify(ruleFile(), { lineWidth: 0 })}`,
  ...Object.fromEntries(
    dashboards.map((dashboard) => [
      `monitoring/grafana/${dashboard.file}`,
      `${JSON.stringify(dashboardJson(dashboard), null, 2)}\n`,
    ]),
  ),
};

const { values } = parseArgs({
  options: { check: { type: "boolean", default: false }, "no-sdks": { type: "boolean", default: false } },
});
const schemaFile = join(root, "provider/schema.json");
const digest = { "sdk/schema.sha256": schemaDigest(files["provider/schema.json"] ?? "") };
if (!values.check) write(files);
const expected = { ...files, ...digest, ...(values["no-sdks"] ? {} : await sdkFiles(schemaFile)) };
const stale = staleOf(expected);
const extra = values["no-sdks"] ? [] : strays(expected);
if (values.check) {
  for (const file of [...Object.keys(stale), ...extra])
    process.stderr.write(`${file} is out of date: run npm run generate and commit it\n`);
  process.exit(Object.keys(stale).length + extra.length === 0 ? 0 : 1);
}
if (values["no-sdks"]) process.stdout.write("the SDKs were left as they are\n");
else write(stale);
for (const file of extra) {
  rmSync(join(root, file));
  process.stdout.write(`removed ${file}\n`);
}
process.stdout.write("everything is current\n");

/** The programs of provider/samples, which become the examples of the schema and of each SDK. */
function samples(): Samples {
  const directory = join(root, "provider/samples");
  const languages = { typescript: "index.ts", python: "__main__.py", go: "main.go" };
  const components = readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return Object.fromEntries(
    components.map(({ name }) => [
      name,
      Object.fromEntries(
        Object.entries(languages).map(([language, file]) => [language, readFileSync(join(directory, name, file), "utf8")]),
      ),
    ]),
  );
}

function staleOf(wanted: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(wanted).filter(
      ([file, content]) => !existsSync(join(root, file)) || readFileSync(join(root, file), "utf8") !== content,
    ),
  );
}

function write(wanted: Readonly<Record<string, string>>): void {
  for (const [file, content] of Object.entries(staleOf(wanted))) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), content);
    process.stdout.write(`wrote ${file}\n`);
  }
}
