/** A Lease of coordination.k8s.io, as far as leader election needs it. */
export interface Lease {
  readonly apiVersion: "coordination.k8s.io/v1";
  readonly kind: "Lease";
  readonly metadata: { readonly name: string; readonly namespace: string; readonly resourceVersion?: string };
  readonly spec: {
    readonly holderIdentity?: string | null;
    readonly leaseDurationSeconds?: number;
    /** RFC 3339 with microseconds. */
    readonly acquireTime?: string;
    readonly renewTime?: string;
    readonly leaseTransitions?: number;
  };
}

/** What a candidate saw last, and when, by its own clock: other machines' clocks are not trusted. */
export interface Observation {
  /** The version of the Lease that was seen. */
  readonly seen: string;
  /** When it was seen to change, in milliseconds of the candidate's own monotonic clock. */
  readonly at: number;
}

/** What to do with a Lease: write it as ours, or wait. `reason` is for the log. */
export type Election =
  | { readonly write: Lease["spec"]; readonly reason: string }
  | { readonly wait: true; readonly reason: string };

/** Whether nobody holds a Lease: a leader that ended well gave it back. */
export const isFree = ({ holderIdentity }: Lease["spec"]): boolean => (holderIdentity ?? "") === "";

/**
 * Decides what a candidate does with the Lease that it read.
 * The holder's clock is never compared with ours: a Lease is expired when it has not changed for its duration while we looked.
 * @param candidate its name, and whether the Lease is as it wrote it last: the name alone proves nothing
 * @param instant the time of day, for people who read the Lease
 */
export function elect(
  lease: Lease,
  candidate: { readonly identity: string; readonly isHolder: boolean },
  durationSeconds: number,
  observation: Observation,
  monotonic: number,
  instant: string,
): Election {
  const { identity, isHolder } = candidate;
  const { holderIdentity, leaseTransitions = 0, acquireTime } = lease.spec;
  const fresh = { holderIdentity: identity, leaseDurationSeconds: durationSeconds, renewTime: instant };
  if (isHolder) return { write: { ...fresh, acquireTime: acquireTime ?? instant, leaseTransitions }, reason: "renewed" };
  const taken = { ...fresh, acquireTime: instant, leaseTransitions: leaseTransitions + 1 };
  if (isFree(lease.spec)) return { write: taken, reason: "the Lease was free" };
  const age = monotonic - observation.at;
  const duration = (lease.spec.leaseDurationSeconds ?? durationSeconds) * 1000;
  if (age >= duration)
    return { write: taken, reason: `${holderIdentity} has not renewed the Lease for ${Math.round(age / 1000)} s` };
  return { wait: true, reason: `${holderIdentity} leads` };
}
