import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "../../ports/logger.ts";
import { elect, type Lease, type Observation } from "../lease.ts";
import { type Api, ApiError } from "./api.ts";

/** How long a Lease holds, how often it is renewed, and how long a leader that cannot renew still acts; in seconds. */
const leaseDuration = 15;
const retryPeriod = 2;
const renewDeadline = 10;

export interface LeadershipOptions {
  readonly namespace: string;
  readonly name: string;
  readonly identity: string;
}

/**
 * Takes part in the election of one leader by a Lease. A leader that could not renew for ten seconds stops to act before anybody else
 * may start, because others wait for fifteen.
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

  constructor(api: Api, options: LeadershipOptions, onChange: () => void, logger: Logger) {
    this.#api = api;
    this.#options = options;
    this.#onChange = onChange;
    this.#logger = logger;
    void this.#run();
  }

  /** Whether this process may write now. */
  get isLeader(): boolean {
    return !this.#isClosed && performance.now() - this.#renewedAt < renewDeadline * 1000;
  }

  /** Gives the Lease back, so that the next leader need not wait. */
  async close(): Promise<void> {
    const wasLeader = this.isLeader;
    this.#isClosed = true;
    if (!wasLeader) return;
    const lease = (await this.#api.send("GET", this.#path())) as Lease;
    if (lease.spec.holderIdentity === this.#options.identity)
      await this.#api.send("PUT", this.#path(), {
        ...lease,
        spec: { ...lease.spec, holderIdentity: "", leaseDurationSeconds: 1 },
      });
  }

  #path(): string {
    return `/apis/coordination.k8s.io/v1/namespaces/${this.#options.namespace}/leases/${this.#options.name}`;
  }

  async #run(): Promise<void> {
    while (!this.#isClosed) {
      try {
        await this.#attempt();
      } catch (error) {
        const isRace = error instanceof ApiError && error.status === 409;
        if (!isRace) this.#logger.warn({ event: "leaseFailed", error: String(error) }, "cannot read or write the Lease");
      }
      if (this.isLeader !== this.#wasLeading) {
        this.#wasLeading = this.isLeader;
        this.#logger.info(
          { event: "leadership", isLeader: this.#wasLeading },
          this.#wasLeading ? "this controller leads now" : "this controller does not lead any more",
        );
        this.#onChange();
      }
      await sleep(retryPeriod * 1000 * (0.9 + Math.random() / 5));
    }
  }

  async #attempt(): Promise<void> {
    const started = performance.now();
    const lease = await this.#read();
    const seen = lease.metadata.resourceVersion ?? "";
    if (seen !== this.#observation.seen) this.#observation = { seen, at: performance.now() };
    const instant = new Date().toISOString().replace("Z", "000Z");
    const election = elect(lease, this.#options.identity, leaseDuration, this.#observation, performance.now(), instant);
    if ("wait" in election) {
      this.#renewedAt = Number.NEGATIVE_INFINITY;
      return;
    }
    await this.#api.send("PUT", this.#path(), { ...lease, spec: election.write });
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
