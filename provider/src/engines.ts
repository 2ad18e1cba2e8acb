/** What a process keeps of the engines that it has worked for. */

/** A client over the wire, as the mocks of unit tests are not. */
export interface Client {
  getChannel(): { getTarget(): string; getConnectivityState(triesToConnect: boolean): number };
}

/** Of a channel that has a connection. @see the states of channels in gRPC's own documentation, "Connectivity Semantics" */
const ready = 2;
/** A process that serves many engines, one after the other, remembers so many of them. */
const enginesRemembered = 16;

/** Whether a client of an engine has a connection to it now: another engine may listen at the address of one that is gone. */
export function isConnected(client: unknown): boolean {
  return (client as Client).getChannel().getConnectivityState(false) === ready;
}

/** Keeps what belongs to an engine as the latest of its kind, and forgets the oldest beyond those that are remembered. */
export function remember<T>(kept: Map<string, T>, key: string, value: T): void {
  kept.delete(key);
  kept.set(key, value);
  const [oldest] = kept.keys();
  if (kept.size > enginesRemembered && oldest !== undefined) kept.delete(oldest);
}
