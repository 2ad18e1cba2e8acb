import * as pulumi from "@pulumi/pulumi";
import { bgpConfProblems, bgpPeerProblems, eipProblems, exposedServiceProblems, loadBalancerProblems } from "./checks/own.ts";
import { type KnownArgs, type Problem, record } from "./checks/problem.ts";
import type { Declaration } from "./checks/program.ts";
import { type Known, knownNow, knownOf } from "./known.ts";
import { clusterOf, currentRun, declare, type Run } from "./program.ts";

type Component = Declaration["component"];

const ownProblems: Readonly<Record<Component, (args: KnownArgs, name: string) => Problem[]>> = {
  LoadBalancer: loadBalancerProblems,
  Eip: eipProblems,
  BgpConf: bgpConfProblems,
  BgpPeer: bgpPeerProblems,
  ExposedService: exposedServiceProblems,
};

/** Verdicts from before the component is made: the plugin judges first, and makes only what is right. */
const verdicts = new WeakMap<pulumi.ComponentResourceOptions, Promise<void>>();

/** Judges a component that is not made yet. Who makes it with the same options does not judge it again. */
export function judgeBefore(
  component: Component,
  name: string,
  args: object,
  options: pulumi.ComponentResourceOptions,
): Promise<void> {
  const { providers } = options;
  const provider = Array.isArray(providers) ? undefined : providers?.["kubernetes"];
  const verdict = verdictOf({ component, name, args, provider }, currentRun());
  verdicts.set(options, verdict);
  return verdict.catch((error: unknown) => {
    if (!pulumi.InputPropertiesError.isInstance(error)) throw error;
    // The engine names the resource, and says the sentence of each property itself.
    const message =
      (error.errors?.length ?? 0) > 1 ? "there are mistakes in its arguments" : "there is a mistake in its arguments";
    throw new pulumi.InputPropertiesError({ message, errors: error.errors ?? [] });
  });
}

/**
 * Judges a component: its own arguments, and together with the others of the program. What is an output is judged once it is known.
 * Children, and outputs that are not of a child, wait for the verdict, so that nothing of a component with a mistake is made.
 */
export function judge(
  made: pulumi.ComponentResource,
  component: Component,
  name: string,
  args: object,
  options: pulumi.ComponentResourceOptions,
): Verdict {
  const provider = made.getProvider("kubernetes:core/v1:Service");
  const verdict = verdicts.get(options) ?? verdictOf({ component, name, args, provider }, currentRun());
  // Whoever waits for it hears of it; a rejection that nobody has waited for yet is no accident.
  verdict.catch(() => undefined);
  return {
    child(...after) {
      const dependsOn: Promise<pulumi.Input<pulumi.Resource>[]> = verdict.then(() => after);
      return { parent: made, dependsOn };
    },
    output: <T>(make: () => pulumi.Input<T>) => pulumi.output(verdict.then(make)) as unknown as pulumi.Output<T>,
    outputs: (make) => verdict.then(make, () => ({})),
  };
}

/** A verdict that is under way. */
export interface Verdict {
  /** The options of a child: it waits for the verdict, and for others. */
  child(...after: pulumi.Resource[]): pulumi.CustomResourceOptions;
  /** An output that is made once nothing is wrong. */
  output<T>(make: () => pulumi.Input<T>): pulumi.Output<T>;
  /**
   * What the component registers as its outputs; none when something is wrong. It has to be registered at once, as a promise: the
   * engine's SDK registers a component without outputs that has not said them when its constructor ends.
   */
  outputs(make: () => Record<string, unknown>): Promise<Record<string, unknown>>;
}

interface Judged {
  readonly component: Component;
  readonly name: string;
  readonly args: object;
  readonly provider: pulumi.ProviderResource | undefined;
}

/** Plain arguments are judged at once, in the order of the program, so that of two components that clash the later one is told. */
function verdictOf({ component, name, args, provider }: Judged, run: Run | undefined): Promise<void> {
  const now = provider === undefined ? knownNow(args) : undefined;
  const verdict = async ({ value, ...hidden }: Known, cluster: string): Promise<void> => {
    const known = record(value);
    const own = ownProblems[component](known, name);
    const others = run === undefined ? [] : await declare(run, cluster, { component, name, args: known });
    const problems = [...own, ...others].map((problem) => withoutSecrets(problem, hidden));
    if (problems.length > 0) throw mistake(component, name, problems);
  };
  return now === undefined
    ? Promise.all([knownOf(args), clusterOf(provider)]).then(([known, cluster]) => verdict(known, cluster))
    : verdict(now, "");
}

/** Takes secret texts out of a sentence, and keeps the engine from showing an argument that holds a secret. */
function withoutSecrets(problem: Problem, { secrets, secretArguments }: Omit<Known, "value">): Problem {
  const reason = secrets.reduce((text, secret) => text.replaceAll(secret, "[secret]"), problem.reason);
  const [argument = ""] = problem.propertyPath.split(/[.[]/);
  return reason === problem.reason && !secretArguments.has(argument) ? problem : { ...problem, reason, isSecret: true };
}

/**
 * The error of mistakes. It counts as one of input properties for the plugin, which tells the engine each of them, and as a
 * RunError for a program in the library, which is then shown without the stack of a programmer's mistake. The engine shows the
 * value at a property path: with secrets about, it gets the sentences alone.
 */
function mistake(component: Component, name: string, problems: readonly Problem[]): Error {
  const text = problems.map(({ propertyPath, reason }) => `${propertyPath}: ${reason}`).join("\n  ");
  const message = `berth:index:${component} "${name}" has ${problems.length === 1 ? "a mistake" : `${problems.length} mistakes`}:\n  ${text}`;
  if (problems.some(({ isSecret }) => isSecret === true)) return new pulumi.RunError(message);
  const errors = problems.map(({ propertyPath, reason }) => ({ propertyPath, reason }));
  return Object.assign(new pulumi.InputPropertiesError({ message, errors }), { __pulumiRunError: true });
}
