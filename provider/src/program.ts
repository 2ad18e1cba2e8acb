import * as pulumi from "@pulumi/pulumi";
import type { Problem } from "./checks/problem.ts";
import { absences, conflicts, type Declaration, isWaiting } from "./checks/program.ts";
import { type Client, isConnected, remember } from "./engines.ts";

/**
 * What one run of a program declares, so that mistakes across components are found where they are made. Runs are told apart by the
 * address at which the engine listens for them: the plugin is one process for all components of a run, the npm library lives in the
 * program itself, and two stacks, or the preview and the update of one, never share it at a time. One after the other they may, for the
 * kernel gives ports again: a run is over when its client has lost the engine.
 */

/** After so many milliseconds without another component, a preview takes it that no more come. */
const quietAfter = 1000;

/** One run of a program. */
export interface Run {
  readonly isPreview: boolean;
  /** With one resource at a time, waiting for others would keep them from coming. */
  readonly isSerial: boolean;
  /** By the cluster that the components are for. */
  readonly declared: Map<string, Declaration[]>;
  /** Told when something is declared. */
  readonly listeners: Set<() => void>;
}

const runs = new Map<string, { readonly run: Run; readonly client: Client }>();

/** The run that is under way; undefined in unit tests with mocks, which may make the same components again and again. */
export function currentRun(): Run | undefined {
  const client = pulumi.runtime.getMonitor() as Client | undefined;
  const address = client?.getChannel?.().getTarget();
  if (client === undefined || address === undefined) return undefined;
  const isPreview = pulumi.runtime.isDryRun();
  const key = [address, pulumi.getProject(), pulumi.getStack(), isPreview].join(" ");
  const known = runs.get(key);
  if (known !== undefined && (known.client === client || isConnected(known.client))) return known.run;
  const run: Run = { isPreview, isSerial: pulumi.runtime.serialize(), declared: new Map(), listeners: new Set() };
  remember(runs, key, { run, client });
  return run;
}

/**
 * Declares a component in a run and finds the mistakes that show together with others. In a preview it waits for others that it
 * needs to be judged, until nothing has been declared for a while.
 */
export async function declare(run: Run, cluster: string, it: Declaration): Promise<Problem[]> {
  const declared = run.declared.get(cluster) ?? [];
  run.declared.set(cluster, declared);
  const others = (): Declaration[] => declared.filter((other) => other !== it);
  const found = conflicts(it, others());
  declared.push(it);
  for (const listener of run.listeners) listener();
  if (found.length > 0 || !run.isPreview || run.isSerial || !isWaiting(it, others())) return found;
  const isOver = await quiet(run, () => !isWaiting(it, others()));
  return isOver ? absences(it, declared) : conflicts(it, others());
}

/** Waits until something holds, or until nothing has been declared for a while. @returns whether it ended without it */
function quiet(run: Run, holds: () => boolean): Promise<boolean> {
  return new Promise((resolve) => {
    const end = (isOver: boolean): void => {
      clearTimeout(timer);
      run.listeners.delete(look);
      resolve(isOver);
    };
    const look = (): void => {
      if (holds()) end(false);
      else {
        clearTimeout(timer);
        timer = setTimeout(end, quietAfter, true);
      }
    };
    let timer = setTimeout(end, quietAfter, true);
    run.listeners.add(look);
  });
}

/** Names the cluster that a component is for by its Kubernetes provider: pools of two clusters may overlap. */
export async function clusterOf(provider: pulumi.ProviderResource | undefined): Promise<string> {
  // The SDK does not declare that an output is a promise underneath.
  const urn = provider?.urn as unknown as { promise(): Promise<string | undefined> } | undefined;
  return (await urn?.promise()) ?? "";
}
