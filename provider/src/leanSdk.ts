import * as pulumi from "@pulumi/pulumi";
import debuggable from "@pulumi/pulumi/runtime/debuggable.js";
import settings from "@pulumi/pulumi/runtime/settings.js";
import state from "@pulumi/pulumi/runtime/state.js";
import { isConnected, remember } from "./engines.ts";

/**
 * Pulumi's SDK is made for a program that runs once; the plugin runs a piece of it for each component. This takes out of the plugin what
 * the SDK does for whoever debugs a program, and lets it do once what is the same for all components of a run. The npm library leaves
 * the SDK of the program it is in alone.
 */

/** What a component's piece of the SDK knows of the run that it is part of. The SDK does not declare it. */
interface Store {
  readonly settings: { readonly options: { readonly monitorAddr?: string }; monitor?: unknown };
  [supported: `supports${string}`]: boolean;
}

/** What the SDK lets others replace, for it looks each of them up whenever it calls it. */
interface Replaceable {
  readonly debuggable: { debuggablePromise: <T>(promise: Promise<T>) => Promise<T> };
  readonly log: { debug: () => Promise<void> };
  readonly Resource: { callsites: () => object[] };
  readonly settings: { awaitFeatureSupport: () => Promise<void>; getMonitor: () => unknown };
  readonly state: { getStore: () => Store };
}

/** What the engine of one run said of itself, and the client that asked it. */
type Answer = Pick<Store, `supports${string}`> & { readonly monitor: unknown };

/**
 * Makes the SDK of this process lean. `PULUMI_DEBUG_PROMISE_LEAKS`, the SDK's own variable for those who debug it, leaves all as it is.
 */
export function leanSdk(): void {
  if ((process.env["PULUMI_DEBUG_PROMISE_LEAKS"] ?? "") !== "") return;
  const sdk = { debuggable, log: pulumi.log, Resource: pulumi.Resource, settings, state } as unknown as Replaceable;
  // A stack as text for every promise, to name those that a program left behind: the engine ends a plugin without asking.
  sdk.debuggable.debuggablePromise = (promise) => promise;
  // Some ten messages for each component, each a call that waits for the one before it and that the component waits for.
  sdk.log.debug = () => Promise.resolve();
  // The line of the program that makes a resource: here it is a place in the bundle.
  sdk.Resource.callsites = () => [];
  askOnce(sdk);
}

/**
 * Lets the components of one run share the client of its engine, and what the engine says that it can. An engine that is gone is
 * forgotten: another one may listen at its address.
 */
function askOnce({ settings, state }: Replaceable): void {
  const answers = new Map<string, Promise<Answer>>();
  const ask = settings.awaitFeatureSupport;
  const answerTo = async (): Promise<Answer> => {
    await ask();
    const store = state.getStore();
    const supported = Object.entries(store).filter(([key]) => key.startsWith("supports"));
    return { ...Object.fromEntries(supported), monitor: settings.getMonitor() };
  };
  settings.awaitFeatureSupport = async () => {
    const store = state.getStore();
    const address = store.settings.options.monitorAddr ?? "";
    const known = answers.get(address);
    const isGone = known !== undefined && !(await known.then(({ monitor }) => isConnected(monitor)).catch(() => false));
    if (isGone && answers.get(address) === known) answers.delete(address);
    const asked = answers.get(address) ?? answerTo();
    if (!answers.has(address)) {
      remember(answers, address, asked);
      asked.catch(() => answers.delete(address));
    }
    const { monitor, ...supported } = await asked;
    Object.assign(store, supported);
    store.settings.monitor = monitor;
  };
}
