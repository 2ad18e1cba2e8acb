import type { Registry } from "prom-client";
import type { ClusterFacts } from "../../explain/clusterFacts.ts";
import { explainService } from "../../explain/explainService.ts";
import type { Lease } from "../../kubernetes/lease.ts";
import type { EndpointSlice } from "../../kubernetes/objects.ts";
import type { Scope } from "../../kubernetes/requests.ts";
import type { Api } from "../../kubernetes/shell/api.ts";
import { Collection } from "../../kubernetes/shell/collection.ts";
import type { Controller } from "../../kubernetes/shell/controller.ts";
import type { Logger } from "../../ports/logger.ts";
import { Authorizer } from "./authorizer.ts";
import { makeCertificate, readCertificate } from "./certificate.ts";
import { openConsole } from "./consoleServer.ts";
import { Feed } from "./feed.ts";

/** How often the Lease is read: it says whether anybody leads. */
const leaseMilliseconds = 5000;

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
  metrics: Registry,
  options: ConsoleOptions,
  logger: Logger,
): Promise<() => void> {
  const { namespace, scope } = options;
  const certificate =
    options.certificateDirectory === undefined
      ? await makeCertificate(["berth-console", `berth-console.${namespace}`, `berth-console.${namespace}.svc`])
      : readCertificate(options.certificateDirectory);
  let lease: Lease | undefined;
  const slices = new Collection<EndpointSlice>(api, "/apis/discovery.k8s.io/v1/endpointslices", () => feed.touch(), logger);
  const readLease = (): void => {
    api.send("GET", `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/berth-controller`).then(
      (object) => {
        lease = object as Lease;
      },
      (error: unknown) => logger.debug({ event: "leaseUnknown", error: String(error) }, "the Lease cannot be read"),
    );
  };
  const facts = (): ClusterFacts | undefined => {
    const known = controller.knows();
    if (known === undefined || !slices.isSynced) return undefined;
    return { ...known, endpointSlices: slices.objects, lease, scope, now: Date.now() };
  };
  const feed = new Feed(facts);
  controller.onChange(() => feed.touch());
  readLease();
  const timer = setInterval(readLease, leaseMilliseconds);
  const server = await openConsole(options, certificate, {
    feed,
    authorizer: new Authorizer(api),
    metrics,
    explain: (service) => {
      const known = facts();
      return known === undefined ? undefined : explainService(known, service);
    },
    pageDirectory: options.pageDirectory,
  });
  logger.info({ event: "console", port: options.port }, `the page is served on https port ${options.port}`);
  return () => {
    clearInterval(timer);
    slices.close();
    feed.close();
    server.close();
    server.closeAllConnections();
  };
}
