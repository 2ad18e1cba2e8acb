import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { type EngineEvent, LocalWorkspace, type OpMap, type Stack } from "@pulumi/pulumi/automation/index.js";
import { pythonBin } from "../../src/setup/python.ts";

/** The name that a project on the disk has as well. */
export const projectName = "plugin";

const root = dirname(dirname(dirname(import.meta.dirname)));

/** A stack of the real engine whose program is given anew for each operation, with the lab's Kubernetes plugin on its PATH. */
export interface Engine {
  /** Runs `pulumi up`. @returns how many resources were changed in which way, and everything that was said */
  up(program: Program): Promise<Outcome>;
  preview(program: Program): Promise<Outcome>;
  refresh(): Promise<Outcome>;
  destroy(): Promise<Outcome>;
  /** The state as it is on the disk. */
  state(): string;
  remove(): void;
}

/** Declares resources; what it returns are the stack's outputs. */
export type Program = () => Record<string, unknown> | undefined;

/** What an operation did; `failure` is the engine's last word when it failed. */
export interface Outcome {
  readonly changes: OpMap;
  readonly said: string;
  readonly outputs: Readonly<Record<string, unknown>>;
  /** What a preview plans for each resource. */
  readonly steps: readonly Step[];
  readonly failure: boolean;
}

/** What is planned for one resource, and the properties that differ. */
export interface Step {
  readonly op: string;
  readonly type: string;
  readonly name: string;
  readonly paths: readonly string[];
}

/** A project on the disk, for programs that are not functions of this process. */
export interface Project {
  readonly directory: string;
  /** Writes the program that declares what the given one does. */
  write(program: Program): void;
}

/**
 * Makes a stack with a state of its own.
 * @param kubeconfig the cluster
 * @param project where programs are written to; without it they run in this process
 */
export async function createEngine(kubeconfig: string, project?: Project): Promise<Engine> {
  const home = mkdtempSync(join(tmpdir(), "berth-kubernetes-plugin-"));
  process.env["PATH"] = [
    join(root, "lab/kubernetes-plugin"),
    join(root, "provider/bin"),
    join(root, ".lab/bin"),
    join(root, "node_modules/.bin"),
    pythonBin,
    process.env["PATH"],
  ].join(delimiter);
  const envVars = {
    PATH: process.env["PATH"],
    PULUMI_HOME: home,
    PULUMI_BACKEND_URL: `file://${home}`,
    PULUMI_CONFIG_PASSPHRASE: "test",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    PULUMI_DISABLE_REGISTRY_RESOLVE: "true",
    KUBECONFIG: kubeconfig,
  };
  const where = { stackName: "test", projectName };
  const stack =
    project === undefined
      ? await LocalWorkspace.createOrSelectStack({ ...where, program: async () => ({}) }, { envVars })
      : await LocalWorkspace.createOrSelectStack({ stackName: "test", workDir: project.directory }, { envVars });
  const running = (program: Program): { readonly program?: () => Promise<Record<string, unknown> | undefined> } => {
    project?.write(program);
    return project === undefined ? { program: async () => program() } : {};
  };
  const run = async (act: (stack: Stack, options: { onOutput: (text: string) => void }) => Promise<Done>): Promise<Outcome> => {
    let said = "";
    const onOutput = (text: string): void => {
      said += text;
    };
    try {
      const { changes, outputs = {}, steps = [] } = await act(stack, { onOutput });
      return { changes: changes ?? {}, said, outputs, steps, failure: false };
    } catch (error) {
      return { changes: {}, said: said + String(error), outputs: {}, steps: [], failure: true };
    }
  };
  const plain = (outputs: Readonly<Record<string, { readonly value: unknown }>>): Readonly<Record<string, unknown>> =>
    Object.fromEntries(Object.entries(outputs).map(([name, { value }]) => [name, value]));
  return {
    up: (program) =>
      run(async (on, options) => {
        const { summary, outputs } = await on.up({ ...options, ...running(program) });
        return { changes: summary.resourceChanges, outputs: plain(outputs) };
      }),
    preview: (program) =>
      run(async (on, options) => {
        const steps: Step[] = [];
        const onEvent = ({ resourcePreEvent }: EngineEvent): void => {
          if (resourcePreEvent === undefined) return;
          const { op, type, urn, detailedDiff } = resourcePreEvent.metadata;
          steps.push({ op, type, name: urn.split("::").at(-1) ?? "", paths: Object.keys(detailedDiff ?? {}) });
        };
        const { changeSummary } = await on.preview({ ...options, onEvent, ...running(program) });
        return { changes: changeSummary, steps };
      }),
    refresh: () => run(async (on, options) => ({ changes: (await on.refresh(options)).summary.resourceChanges })),
    destroy: () => run(async (on, options) => ({ changes: (await on.destroy(options)).summary.resourceChanges })),
    state: () => readFileSync(join(home, ".pulumi/stacks", projectName, "test.json"), "utf8"),
    remove: () => rmSync(home, { recursive: true, force: true }),
  };
}

interface Done {
  readonly changes: OpMap | undefined;
  readonly outputs?: Readonly<Record<string, unknown>>;
  readonly steps?: readonly Step[];
}

/** Declares a Kubernetes object as `@pulumi/kubernetes` does, without loading all of its types. */
export class KubernetesObject extends pulumi.CustomResource {
  declare readonly metadata: pulumi.Output<{ readonly name: string; readonly uid: string }>;
  declare readonly status: pulumi.Output<unknown>;

  constructor(apiVersion: string, kind: string, name: string, props: pulumi.Inputs, options: pulumi.CustomResourceOptions = {}) {
    const token = apiVersion.includes("/") ? apiVersion : `core/${apiVersion}`;
    super(`kubernetes:${token}:${kind}`, name, { apiVersion, kind, metadata: undefined, status: undefined, ...props }, options);
  }
}
