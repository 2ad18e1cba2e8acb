/** berth controller | speaker | status | explain | …: the composition root. Commands → shells. */
import { randomUUID } from "node:crypto";
import { loadBalancerClass } from "@berth/api/annotations";
import { apiVersion } from "@berth/api/crds";
import { type Command, Option } from "commander";
import type { Protocol } from "./announce/announcer.ts";
import { announcers } from "./announcers.ts";
import type { PeerFacts } from "./bgp/facts.ts";
import { bgpJudge } from "./bgp/judge.ts";
import { reportPeers } from "./bgp/shell/reportPeers.ts";
import { hostFactsKey } from "./check/hostFacts.ts";
import { watchHost } from "./check/shell/readHost.ts";
import { createProgram, kubeConfig, runProgram } from "./cli/shell/program.ts";
import { readEnvironment } from "./config.ts";
import { Authorizer } from "./console/shell/authorizer.ts";
import { certificateOf } from "./console/shell/certificate.ts";
import { runConsole } from "./console/shell/console.ts";
import { type LogLevel, logLevels } from "./kubernetes/logLevel.ts";
import { isOurs, type Scope } from "./kubernetes/requests.ts";
import { Api } from "./kubernetes/shell/api.ts";
import { runController } from "./kubernetes/shell/controller.ts";
import { EventRecorder } from "./kubernetes/shell/events.ts";
import { followLogLevel } from "./kubernetes/shell/followLogLevel.ts";
import { publishNotes } from "./kubernetes/shell/publishNotes.ts";
import { reportAnnouncements } from "./kubernetes/shell/reportAnnouncements.ts";
import { watchCluster } from "./kubernetes/shell/watchCluster.ts";
import type { AddressCounts } from "./layer2/addressCounter.ts";
import type { Counters as Layer2Counters } from "./layer2/shell/protocol.ts";
import {
  type CompatibleNames,
  compatibleControllerRows,
  compatibleNames,
  compatibleSpeakerRows,
} from "./metrics/compatibleRows.ts";
import { type ControllerFacts, controllerRows } from "./metrics/controllerRows.ts";
import { type SpeakerFacts, speakerRows } from "./metrics/speakerRows.ts";
import type { Logger } from "./ports/logger.ts";
import { openHttp } from "./shell/http.ts";
import { openLog } from "./shell/log.ts";
import { openMetrics, watchProcess } from "./shell/metrics.ts";
import { openSecureHttp } from "./shell/secureHttp.ts";
import { version } from "./version.ts";

interface CommonFlags {
  readonly plainMetrics: boolean;
  readonly metricNames: readonly CompatibleNames[];
  readonly logLevel: LogLevel;
  readonly httpAddress: string;
  readonly loadBalancerClasses: string;
  readonly handleClassless: boolean;
}

const environment = readEnvironment();
const isBundled = import.meta.url.endsWith(".js");
const program = createProgram(environment.namespace);
const isTrue = (text: string): boolean => {
  if (text !== "true" && text !== "false") throw new Error(`"${text}" is neither true nor false`);
  return text === "true";
};

function compatible(text: string): CompatibleNames[] {
  return text
    .split(",")
    .filter((name) => name !== "")
    .map((name) => {
      const known = compatibleNames.find((one) => one === name);
      if (known === undefined) throw new Error(`--metric-names: "${name}" is none of ${compatibleNames.join(", ")}`);
      return known;
    });
}

function scopeOf(flags: CommonFlags): Scope {
  return {
    loadBalancerClasses: flags.loadBalancerClasses.split(",").filter((name) => name !== ""),
    handlesClassless: flags.handleClassless,
  };
}

/** Runs the ending once, on the first signal; a second signal ends at once. */
function onSignal(end: () => Promise<void>): void {
  let isEnding = false;
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      if (isEnding) process.exit(1);
      isEnding = true;
      end().then(
        () => process.exit(0),
        () => process.exit(1),
      );
    });
  }
}

/** What a debugger may do to the main thread: SIGUSR2 keeps it busy for two seconds. Answering and sessions go on in threads of their own. */
function stallOnSignal(logger: Logger): void {
  process.on("SIGUSR2", () => {
    logger.warn({ event: "stalled" }, "SIGUSR2: the main thread is kept busy for two seconds");
    for (const end = Date.now() + 2000; Date.now() < end; );
  });
}

function withCommonFlags(command: Command, port: number): Command {
  return command
    .addOption(new Option("--log-level <level>", "how much to log").choices(logLevels).default("info"))
    .option("--http-address <address>", "where health is served, for probes", `0.0.0.0:${port}`)
    .option(
      "--plain-metrics <boolean>",
      "whether /metrics and /state are served there too, without TLS and sign-in",
      isTrue,
      false,
    )
    .option("--metric-names <names>", `names of others that metrics have besides: ${compatibleNames.join(", ")}`, compatible, [])
    .option("--load-balancer-classes <classes>", "classes of Services that are ours, comma separated", loadBalancerClass)
    .option("--handle-classless <boolean>", "whether Services without a class are ours", isTrue, true);
}

withCommonFlags(program.command("controller"), 7473)
  .description("give addresses to Services, say why")
  .option("--leader-elect <boolean>", "whether one of several controllers is elected", isTrue, true)
  .option("--rest-seconds <seconds>", "how long a freed address rests before somebody else gets it", Number, 60)
  .option("--console-port <port>", "where the page is served, with TLS, such as 7474; 0: nowhere", Number, 0)
  .option("--console-certificate <directory>", "with tls.crt and tls.key; otherwise one is made that only proves itself")
  .option("--share-unconditionally <boolean>", "as OpenELB did: a Service that names an address in use gets it", isTrue, false)
  .action(
    async (
      flags: CommonFlags & {
        readonly leaderElect: boolean;
        readonly restSeconds: number;
        readonly shareUnconditionally: boolean;
        readonly consolePort: number;
        readonly consoleCertificate?: string;
      },
    ) => {
      const logger = openLog(flags.logLevel, { component: "controller", pod: environment.podName });
      const api = new Api(kubeConfig(undefined));
      const { logLevel: level } = flags;
      const stopLevel = followLogLevel(
        api,
        {
          namespace: environment.namespace,
          component: "controller",
          name: environment.podName,
          level,
          setLevel: logger.setLevel,
        },
        logger,
      );
      const controller = runController(
        api,
        {
          namespace: environment.namespace,
          identity: `${environment.podName}_${randomUUID()}`,
          scope: scopeOf(flags),
          restPeriod: flags.restSeconds * 1000,
          sharesUnconditionally: flags.shareUnconditionally,
          elects: flags.leaderElect,
          judge: bgpJudge,
        },
        logger,
      );
      const itself = watchProcess();
      const metrics = openMetrics([...controllerRows, ...compatibleControllerRows(flags.metricNames)], (): ControllerFacts => {
        const known = controller.knows();
        return {
          ...itself(),
          ...controller.counts(),
          version,
          component: "controller",
          requests: api.requests,
          isSynced: controller.isSynced(),
          isLeader: controller.isLeader(),
          services: (known?.services ?? []).filter((service) => isOurs(service, scopeOf(flags))),
          eips: known?.eips ?? [],
          objects: [...(known?.bgpConfs ?? []), ...(known?.bgpPeers ?? [])],
          speakers: known?.speakers ?? [],
        };
      });
      const closeConsole =
        flags.consolePort === 0
          ? undefined
          : await runConsole(
              api,
              controller,
              metrics,
              {
                host: "::",
                port: flags.consolePort,
                certificateDirectory: flags.consoleCertificate,
                pageDirectory: new URL(isBundled ? "./page/" : "../dist/page/", import.meta.url),
                namespace: environment.namespace,
                scope: scopeOf(flags),
              },
              logger,
            );
      const notReady = (): string | undefined => (controller.isSynced() ? undefined : "the cluster has not been read yet");
      const open = flags.plainMetrics ? { metrics, state: controller.state } : undefined;
      const server = await openHttp(flags.httpAddress, { notReady, open });
      onSignal(async () => {
        closeConsole?.();
        stopLevel();
        await controller.close();
        server.close();
      });
    },
  );

withCommonFlags(program.command("speaker"), 7472)
  .description("announce this node's share of addresses")
  .option("--metrics-address <address>", "where /metrics and /state are served, with TLS and sign-in; empty: nowhere", "")
  .option("--metrics-certificate <directory>", "with tls.crt and tls.key; otherwise one is made that only proves itself")
  .option("--layer2 <boolean>", "whether to answer ARP and NDP", isTrue, true)
  .option("--bgp <boolean>", "whether to peer with routers", isTrue, true)
  .option("--record-events <directory>", "write down what happens to BGP sessions, one file of JSON lines for each peer")
  .option("--drain-milliseconds <count>", "how long routers may send traffic elsewhere before a planned stop", Number, 1000)
  .action(
    async (
      flags: CommonFlags & {
        readonly metricsAddress: string;
        readonly metricsCertificate?: string;
        readonly layer2: boolean;
        readonly bgp: boolean;
        readonly recordEvents?: string;
        readonly drainMilliseconds: number;
      },
    ) => {
      const logger = openLog(flags.logLevel, { component: "speaker", node: environment.nodeName });
      const thread = (name: string): URL =>
        new URL(isBundled ? `./${name}Worker.js` : `./${name}/shell/${name}Worker.ts`, import.meta.url);
      const protocols = (["bgp", "layer2"] as const satisfies readonly Protocol[]).filter((protocol) => flags[protocol]);
      const running = protocols.map((protocol) => ({
        protocol,
        announcer: announcers[protocol]({
          logger,
          layer2WorkerFile: thread("layer2"),
          bgpWorkerFile: thread("bgp"),
          recordDirectory: flags.recordEvents,
          bfdWorkerFile: thread("bfd"),
          drainMilliseconds: flags.drainMilliseconds,
          onNews: () => {
            reports.changed();
            notes.changed();
          },
        }),
      }));
      let hasView = false;
      const options = { nodeName: environment.nodeName, namespace: environment.namespace, scope: scopeOf(flags) };
      const api = new Api(kubeConfig(undefined));
      const { logLevel: level } = flags;
      const stopLevel = followLogLevel(
        api,
        { namespace: environment.namespace, component: "speaker", name: environment.nodeName, level, setLevel: logger.setLevel },
        logger,
      );
      const watching = watchCluster(
        api,
        options,
        (view) => {
          hasView = true;
          for (const { announcer } of running) announcer.apply(view);
          reports.apply(view);
          reporting?.apply(view);
        },
        logger,
      );
      const announcements = () => running.flatMap(({ announcer }) => announcer.status().announcements);
      const reports = reportAnnouncements(api, environment.nodeName, announcements, watching, logger);
      const bgp = running.find(({ protocol }) => protocol === "bgp")?.announcer;
      const events = new EventRecorder(api, "berth-speaker", logger);
      const reporting =
        bgp === undefined
          ? undefined
          : reportPeers(environment.nodeName, {
              patch: (path, body) => api.send("PATCH", path, body),
              record: (peer, event) => events.record("BgpPeer", apiVersion, peer, event),
              facts: () => bgp.status().facts,
              logger,
            });
      const statuses = () => running.map(({ protocol, announcer }) => [protocol, announcer.status()] as const);
      const state = () => ({
        node: environment.nodeName,
        announcements: statuses().flatMap(([, { announcements }]) => announcements),
        facts: Object.fromEntries(statuses().map(([protocol, { facts }]) => [protocol, facts])),
      });
      const host = watchHost(() => notes.changed());
      const notes = publishNotes(
        api,
        environment.namespace,
        () => ({ name: environment.nodeName, uid: watching.node(environment.nodeName)?.metadata.uid }),
        () => ({
          ...Object.fromEntries(
            statuses().flatMap(([protocol, { published }]) => (published === undefined ? [] : [[protocol, published]])),
          ),
          ...(host.facts() === undefined ? {} : { [hostFactsKey]: host.facts() }),
        }),
        logger,
      );
      const itself = watchProcess();
      const factsOf = (protocol: Protocol) => running.find((one) => one.protocol === protocol)?.announcer.status().facts;
      const metrics = openMetrics([...speakerRows, ...compatibleSpeakerRows(flags.metricNames)], (): SpeakerFacts => {
        const layer2 = factsOf("layer2") as
          | { readonly counters: Layer2Counters; readonly counts: Readonly<Record<string, AddressCounts>> }
          | undefined;
        const { dropped = {}, ...frames } = layer2?.counters ?? {};
        return {
          ...itself(),
          version,
          component: "speaker",
          requests: api.requests,
          isSynced: hasView,
          node: environment.nodeName,
          announcements: announcements(),
          layer2: layer2 === undefined ? undefined : { frames, dropped, counts: layer2.counts },
          peers: (factsOf("bgp")?.["peers"] ?? []) as readonly PeerFacts[],
          connections: (factsOf("bgp")?.["connections"] ?? {}) as Readonly<Record<string, number>>,
        };
      });
      stallOnSignal(logger);
      const notReady = (): string | undefined => (hasView ? undefined : "the cluster has not been read yet");
      const server = await openHttp(flags.httpAddress, { notReady, open: flags.plainMetrics ? { metrics, state } : undefined });
      const authorizer = new Authorizer(api);
      const secure =
        flags.metricsAddress === ""
          ? undefined
          : await openSecureHttp(flags.metricsAddress, {
              certificate: await certificateOf(flags.metricsCertificate, ["berth-speaker", environment.nodeName]),
              authorize: (authorization, path) => authorizer.check(authorization, path),
              metrics,
              state,
              async look(what) {
                for (const { announcer } of running) {
                  const seen = await announcer.look?.(what);
                  if (seen !== undefined) return seen;
                }
                return undefined;
              },
            });
      onSignal(async () => {
        watching.close();
        host.close();
        stopLevel();
        notes.close();
        await Promise.all(running.map(({ announcer }) => announcer.close()));
        await Promise.all([reports.close(), reporting?.close()]);
        server.close();
        secure?.close();
        secure?.closeAllConnections();
      });
    },
  );

await runProgram(program);
