import { delimiter, dirname, join } from "node:path";

/** The root of the repository. */
export const root = dirname(dirname(import.meta.dirname));

/** The environment of the real engine with its state in a directory, both plugins on its PATH, and no cluster. */
export function engineEnvironment(home: string): NodeJS.ProcessEnv {
  const directories = ["provider/bin", "lab/kubernetes-plugin", ".lab/bin", "node_modules/.bin"].map((path) => join(root, path));
  return {
    ...process.env,
    PATH: [...directories, process.env["PATH"]].join(delimiter),
    PULUMI_HOME: home,
    PULUMI_BACKEND_URL: `file://${home}`,
    PULUMI_CONFIG_PASSPHRASE: "test",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    KUBECONFIG: join(home, "none"),
  };
}
