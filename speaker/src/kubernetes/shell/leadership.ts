import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "../../ports/logger.ts";
import { elect, isFree, type Lease, type Observation } from "../lease.ts";
import { type Api, ApiError } from "./api.ts";

/**
 * How long a Lease holds, how often the leader renews it and others look at it, and how long a leader that cannot renew still begins
 * writes; in seconds. A write lasts at most `writeTimeout` of api.ts, so the last one has ended before anybody else leads; and somebody
 * else leads within fifteen seconds: the Lease, the look that sees it expired, and the look before that missed its last renewal.
 */
const leaseDuration = 12;
const renewPeriod = 2;
const lookPeriod = 1;
const renewDeadline = 8;

export interface LeadershipOptions {
  readonly namespace: string;
  readonly name: string;
  readonly identity: string;
}

/**
 * Takes part in the election of one leader by a Lease. A Lease is ours only if this very process wrote it last: a second process that
 * was given the same identity by mistake waits like any other.
 */
export class Leadership {
  readonly #api: Api;
  readonly #options: LeadershipOptions;
  readonly #logger: Logger;
  readonly #onChange: () => void;
  #renewedAt = Number.NEGATIVE_INFINITY;
  #isClosed = false;
  #wasLeading = false;
  #observation: Observation = { seen: "", at: performance.now() };
  /** The version of the Lease that this process wrote last. */
  #written: string | undefined;
  /** The look at the Lease that is under way, or was the last; it never fails. */
  #underWay: Promise<void> = Promise.resolve();
  readonly #ready = Promise.withResolvers<void>();
  /** The version of the Lease at the first look, if nobody held it then. */
  #freeAt: string | undefined;
  #isFirstSinceLook = false;
  /** Resolves when this process has looked at the Lease for the first time, or could not. */
  readonly hasLooked: Promise<void>;

  constructor(api: Api, options: LeadershipOptions, onChange: () => void, logger: Logger) {
    this.#api = api;
    this.#options = options;
    this.#onChange = onChange;
    this.#logger = logger;
    this.hasLooked = this.#firstLook();
    void this.#run();
  }

  /** From now on this process can do a leader's work: until then it does not stand. */
  stand(): void {
    this.#ready.resolve();
  }

  /** Whether nobody else can have led since this process looked first: what it has read since then is what the last leader left. */
  get isFirstSinceLook(): boolean {
    return this.#isFirstSinceLook;
  }

  /** Whether this process may write now. */
  get isLeader(): boolean {
    return !this.#isClosed && performance.now() - this.#renewedAt < renewDeadline * 1000;
  }

  /** Leads no more from now on; the Lease stays as it is. */
  stop(): void {
    this.#isClosed = true;
  }

  /** Gives the Lease back, so that the next leader need not wait. When that cannot be done, the next one leads when the Lease has ended. */
  async close(): Promise<void> {
    this.stop();
    // A renewal that is under way would change the Lease between our look and our write.
    await this.#underWay;
    if (this.#written === undefined) return;
    try {
      const lease = (await this.#api.send("GET", this.#path())) as Lease;
      if (lease.metadata.resourceVersion === this.#written)
        await this.#api.send("PUT", this.#path(), {
          ...lease,
          spec: { ...lease.spec, holderIdentity: "", leaseDurationSeconds: 1 },
        });
    } catch (error) {
      this.#logger.warn(
        { event: "leaseFailed", error: String(error) },
        "cannot give the Lease back; the next leader waits for its end",
      );
    }
  }

  #path(): string {
    return `/apis/coordination.k8s.io/v1/namespaces/${this.#options.namespace}/leases/${this.#options.name}`;
  }

  async #firstLook(): Promise<void> {
    try {
      const { metadata, spec } = (await this.#api.send("GET", this.#path())) as Lease;
      if (isFree(spec)) this.#freeAt = metadata.resourceVersion;
    } catch {
      // Whoever could not look reads everything anew when it leads.
    }
  }

  async #run(): Promise<void> {
    await this.#ready.promise;
    while (!this.#isClosed) {
      this.#underWay = this.#attempt().catch((error: unknown) => {
        const isRace = error instanceof ApiError && error.status === 409;
        if (!isRace) this.#logger.warn({ event: "leaseFailed", error: String(error) }, "cannot read or write the Lease");
      });
      await this.#underWay;
      if (this.isLeader !== this.#wasLeading) {
        this.#wasLeading = this.isLeader;
        if (!this.#wasLeading) this.#isFirstSinceLook = false;
        this.#logger.info(
          { event: "leadership", isLeader: this.#wasLeading },
          this.#wasLeading ? "this controller leads now" : "this controller does not lead any more",
        );
        this.#onChange();
      }
      await sleep((this.isLeader ? renewPeriod : lookPeriod) * 1000 * (0.9 + Math.random() / 10));
    }
  }

  async #attempt(): Promise<void> {
    const started = performance.now();
    const lease = await this.#read();
    const seen = lease.metadata.resourceVersion ?? "";
    if (seen !== this.#observation.seen) this.#observation = { seen, at: performance.now() };
    const instant = new Date().toISOString().replace("Z", "000Z");
    const candidate = { identity: this.#options.identity, isHolder: this.#written !== undefined && seen === this.#written };
    const election = elect(lease, candidate, leaseDuration, this.#observation, performance.now(), instant);
    if ("wait" in election) {
      this.#renewedAt = Number.NEGATIVE_INFINITY;
      return;
    }
    const written = (await this.#api.send("PUT", this.#path(), { ...lease, spec: election.write })) as Lease;
    if (!candidate.isHolder) this.#isFirstSinceLook = seen === this.#freeAt;
    this.#written = written.metadata.resourceVersion;
    this.#renewedAt = started;
  }

  async #read(): Promise<Lease> {
    try {
      return (await this.#api.send("GET", this.#path())) as Lease;
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 404) throw error;
      const lease: Lease = {
        apiVersion: "coordination.k8s.io/v1",
        kind: "Lease",
        metadata: { name: this.#options.name, namespace: this.#options.namespace },
        spec: {},
      };
      return (await this.#api.send("POST", this.#path().replace(/\/[^/]+$/, ""), lease)) as Lease;
    }
  }
}
