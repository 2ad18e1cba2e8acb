import type { RibPage } from "../../bgp/ribQuery.ts";
import { explainService } from "../../explain/explainService.ts";
import { isReady } from "../../kubernetes/announced.ts";
import type { Lease } from "../../kubernetes/lease.ts";
import type { EndpointSlice, Pod } from "../../kubernetes/objects.ts";
import type { Scope } from "../../kubernetes/requests.ts";
import { type Api, ApiError } from "../../kubernetes/shell/api.ts";
import { Collection } from "../../kubernetes/shell/collection.ts";
import type { Controller } from "../../kubernetes/shell/controller.ts";
import { viewerTokens } from "../../kubernetes/shell/viewerToken.ts";
import type { Logger } from "../../ports/logger.ts";
import type { MetricsText } from "../../shell/metrics.ts";
import type { ConsoleFacts, SessionNumbers } from "../facts.ts";
import { lookPath, mergeAnswers, type RouteAnswer, type RouteQuestion } from "../routes.ts";
import { Authorizer } from "./authorizer.ts";
import { certificateOf } from "./certificate.ts";
import { openConsole } from "./consoleServer.ts";
import { Feed } from "./feed.ts";
import { askSpeakers } from "./speakers.ts";

/** How often the Lease is read: it says whether anybody leads. */
const leaseMilliseconds = 5000;

/** An API server that has not answered for so long does not: two answers are missing. */
const unheardMilliseconds = 2.5 * leaseMilliseconds;

/** How often speakers are asked for the numbers of their sessions, while somebody looks. */
const numbersMilliseconds = 5000;

export interface ConsoleOptions {
  readonly host: string;
  readonly port: number;
  /** Where tls.crt and tls.key are; undefined: a certificate is made that only proves itself. */
  readonly certificateDirectory: string | undefined;
  readonly pageDirectory: URL;
  readonly namespace: string;
  readonly scope: Scope;
}

/** Runs the page beside a controller: what the controller watches, with EndpointSlices and the Lease besides. @returns what ends it */
export async function runConsole(
  api: Api,
  controller: Controller,
  metrics: MetricsText,
  options: ConsoleOptions,
  logger: Logger,
): Promise<() => void> {
  const { namespace, scope } = options;
  const names = ["berth-console", `berth-console.${namespace}`, `berth-console.${namespace}.svc`];
  const certificate = await certificateOf(options.certificateDirectory, names);
  let lease: Lease | undefined;
  let answeredAt = Date.now();
  const slices = new Collection<EndpointSlice>(api, "/apis/discovery.k8s.io/v1/endpointslices", () => feed.touch(), logger);
  const readLease = (): void => {
    api.send("GET", `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/berth-controller`).then(
      (object) => {
        answeredAt = Date.now();
        lease = object as Lease;
      },
      (error: unknown) => {
        if (error instanceof ApiError) answeredAt = Date.now();
        logger.debug({ event: "leaseUnknown", error: String(error) }, "the Lease cannot be read");
      },
    );
  };
  const token = viewerTokens(api, namespace);
  let numbers: ReadonlyMap<string, readonly SessionNumbers[]> = new Map();
  const speakers = (node: string): readonly Pod[] =>
    (controller.knows()?.speakers ?? []).filter((pod) => isReady(pod) && (node === "" || pod.spec?.nodeName === node));
  let isAsking = false;
  const readNumbers = async (): Promise<void> => {
    if (isAsking || !feed.isWatched || (controller.knows()?.bgpPeers.length ?? 0) === 0) return;
    isAsking = true;
    const answers = await askSpeakers<readonly SessionNumbers[]>(speakers(""), "bgp/peers", token);
    numbers = new Map(answers.flatMap((answer) => ("value" in answer ? [[answer.node, answer.value] as const] : [])));
    isAsking = false;
    feed.touch();
  };
  const routes = async (question: RouteQuestion): Promise<RouteAnswer> => {
    const answers = await askSpeakers<RibPage>(speakers(question.node), lookPath(question), token);
    return mergeAnswers(
      question,
      answers.map((answer) => ("value" in answer ? { node: answer.node, page: answer.value } : answer)),
    );
  };
  const facts = (): ConsoleFacts | undefined => {
    const known = controller.knows();
    if (known === undefined || !slices.isSynced) return undefined;
    const now = Date.now();
    const unheard = now - answeredAt > unheardMilliseconds ? { heardLast: answeredAt } : {};
    return { ...known, endpointSlices: slices.objects, lease, scope, now, numbers, resting: controller.resting(), ...unheard };
  };
  const feed = new Feed(facts);
  controller.onChange(() => feed.touch());
  readLease();
  const timer = setInterval(readLease, leaseMilliseconds);
  const asking = setInterval(() => void readNumbers(), numbersMilliseconds);
  const server = await openConsole(options, certificate, {
    feed,
    authorizer: new Authorizer(api),
    metrics,
    state: controller.state,
    explain: (service) => {
      const known = facts();
      return known === undefined ? undefined : explainService(known, service);
    },
    routes,
    pageDirectory: options.pageDirectory,
  });
  logger.info({ event: "console", port: options.port }, `the page is served on https port ${options.port}`);
  return () => {
    clearInterval(timer);
    clearInterval(asking);
    slices.close();
    feed.close();
    server.close();
    server.closeAllConnections();
  };
}
