import { createHash } from "node:crypto";
import * as grpc from "@grpc/grpc-js";
import type * as Provider from "@pulumi/pulumi/proto/provider_pb.js";
import { ApiError, Client, UnreachableError } from "./client.ts";
import { diffInputs, formatPath } from "./diff.ts";
import { complete, inputProblems, isAutonamed, isPatch, withNamespaceOf } from "./inputs.ts";
import { type Application, idOf } from "./live.ts";
import { create, isTakenAwayByOmission, preview, read, relinquish, remove, update } from "./objects.ts";
import { render, scopesWithoutCluster, unrender } from "./render.ts";
import { isOtherCluster, loadKubeConfig, readSettings, type Settings, settingProblems } from "./settings.ts";
import { type JsonObject, textAt } from "./values.ts";
import { NotReadyError, type Patience } from "./waiting.ts";
import {
  checkResponse,
  createReporter,
  diffResponse,
  Empty,
  fromStruct,
  initFailure,
  messages,
  PluginInfo,
  type Properties,
  toStruct,
} from "./wire.ts";

/** The version that the plugin says it has: what `@pulumi/kubernetes` of this repository asks for. */
const version = "4.34.2";

/** Where the state keeps who owns the fields of an object, as the real plugin does: the owner outlives a change of the URN. */
const managerKey = "__fieldManager";

/** What became of an object that did not become ready, with what the engine has to keep of it. */
class InitFailure extends Error {
  readonly status: Partial<grpc.StatusObject>;

  constructor(status: Partial<grpc.StatusObject>) {
    super(status.details);
    this.status = status;
  }
}

type Handler = (request: never) => Promise<object>;

/** The service that the engine calls. @param engineAddress where progress is said; undefined when nobody listens */
export function createService(engineAddress: string | undefined): grpc.UntypedServiceImplementation {
  let report = createReporter(engineAddress);
  const cancelled = new AbortController();
  /** Resources that the state has already: a preview of their replacement meets the object that is replaced. */
  const replaceable = new Set<string>();
  let settings: Settings = readSettings(() => undefined);
  let client: Client | undefined;
  let scopes = scopesWithoutCluster("default");
  let problem = "the plugin has not been configured";

  const requireClient = (): Client => {
    if (client === undefined) throw new Error(problem);
    return client;
  };
  const patience = (request: { getTimeout(): number; getUrn(): string }): Patience => ({
    timeout: request.getTimeout(),
    signal: cancelled.signal,
    progress: (message) => report(request.getUrn(), message),
  });
  const application = (manager: string): Application => ({ manager, isForceful: settings.isForceful });
  const outputs = (live: JsonObject, manager: string, { secrets }: Properties) =>
    toStruct({ ...live, [managerKey]: manager }, secrets);
  /** What did not become ready goes into the state all the same, with its secrets marked. */
  const kept = async (manager: string, declared: Properties, act: () => Promise<JsonObject>): Promise<JsonObject> => {
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof NotReadyError)) throw error;
      const inputs = toStruct(declared.plain, declared.secrets);
      throw new InitFailure(initFailure(error, outputs(error.live, manager, declared), inputs));
    }
  };

  /** Writes an object in place of applying it; whoever sees the directory sees its secrets. */
  const rendered = (urn: string, directory: string, { plain, secrets }: Properties): void => {
    const path = render(directory, plain);
    report(urn, `rendered ${path}`);
    if (secrets.length > 0) report(urn, `rendered file ${path} contains a secret value in plaintext`, true);
  };

  const handlers = {
    getPluginInfo: async () => {
      const info = new PluginInfo();
      info.setVersion(version);
      return info;
    },
    getSchema: async () => {
      const response = new messages.GetSchemaResponse();
      const description = "A test tool of Berth's lab; not Pulumi's Kubernetes provider.";
      response.setSchema(JSON.stringify({ name: "kubernetes", version, description }));
      return response;
    },
    checkConfig: async (request: Provider.CheckRequest) =>
      checkResponse(request.getNews(), settingProblems(fromStruct(request.getNews()).plain, process.env["KUBECONFIG"])),
    diffConfig: async (request: Provider.DiffRequest) => {
      const [before, after] = [
        fromStruct(request.getOldInputs() ?? request.getOlds()).plain,
        fromStruct(request.getNews()).plain,
      ];
      const isReplacing = isOtherCluster(before, after);
      return diffResponse(
        diffInputs(before, after).map((change) => ({
          ...change,
          isReplacing: change.path[0] === "renderYamlToDirectory" || (isReplacing && change.path[0] !== "namespace"),
        })),
        false,
      );
    },
    configure: async (request: Provider.ConfigureRequest) => {
      settings = readSettings((name) => request.getVariablesMap().get(`kubernetes:config:${name}`) || undefined);
      scopes = scopesWithoutCluster(settings.namespace ?? "default");
      if (settings.renderDirectory !== undefined) return configured();
      try {
        client = new Client(loadKubeConfig(settings.kubeconfig, settings.context), settings.namespace);
      } catch (error) {
        problem = `the kubeconfig cannot be used: ${error instanceof Error ? error.message : String(error)}`;
      }
      return configured();
    },
    check: async (request: Provider.CheckRequest) => {
      const { plain, secrets } = fromStruct(request.getNews());
      const old = request.getOlds() === undefined ? undefined : fromStruct(request.getOlds()).plain;
      const urnName = request.getUrn().split("::")[3];
      const problems = inputProblems(typeOf(request.getUrn()), plain);
      if (problems.length > 0) return checkResponse(request.getNews(), problems);
      const name = request.getName() || (urnName ?? "resource");
      return checkResponse(
        toStruct(await complete(client ?? scopes, plain, old, name, request.getRandomseed_asU8()), secrets),
        [],
      );
    },
    diff: async (request: Provider.DiffRequest) => {
      replaceable.add(request.getUrn());
      const live = fromStruct(request.getOlds()).plain;
      const before = withNamespaceOf(fromStruct(request.getOldInputs() ?? request.getOlds()).plain, live);
      const after = withNamespaceOf(fromStruct(request.getNews()).plain, live);
      const ignored = request.getIgnorechangesList();
      const changes = diffInputs(before, after, settings.mutableKinds).filter(
        ({ path }) => !ignored.some((prefix) => formatPath(path).startsWith(prefix)),
      );
      const isOmitting = changes.some(({ kind, isReplacing }) => kind === "delete" && !isReplacing);
      const isEffective = !isOmitting || (await isTakenAwayByOmission(client, after, managerOf(request.getUrn(), live)));
      const isSameName = idOf(before) === idOf(after);
      return diffResponse(
        changes.filter(({ kind, isReplacing }) => isEffective || isReplacing || kind !== "delete"),
        isSameName && !isAutonamed(after),
        settings.renderDirectory !== undefined && settings.isAlwaysRendering,
      );
    },
    create: async (request: Provider.CreateRequest) => {
      const declared = fromStruct(request.getProperties());
      const manager = managerOf(request.getUrn(), {}, declared.plain);
      const response = new messages.CreateResponse();
      const isOfPatch = isPatch(typeOf(request.getUrn()), declared.plain);
      if (request.getPreview() && isOfPatch) {
        response.setProperties(request.getProperties());
        return response;
      }
      if (request.getPreview()) {
        const isNew = !replaceable.has(request.getUrn()) && !settings.isUpserting;
        const shown = await preview(client, declared.plain, application(manager), isNew).catch((error: unknown) => {
          // What nobody may change of the object that is there is what it is replaced for.
          if (!isNew && error instanceof ApiError && error.status === 422) return declared.plain;
          throw error;
        });
        response.setProperties(toStruct(shown, declared.secrets));
        return response;
      }
      if (settings.renderDirectory !== undefined) {
        rendered(request.getUrn(), settings.renderDirectory, declared);
        response.setId(idOf(declared.plain));
        response.setProperties(outputs(declared.plain, manager, declared));
        return response;
      }
      const live = await kept(manager, declared, () =>
        create(requireClient(), declared.plain, application(manager), settings.isUpserting || isOfPatch, patience(request)),
      );
      response.setId(idOf(live));
      response.setProperties(outputs(live, manager, declared));
      return response;
    },
    read: async (request: Provider.ReadRequest) => {
      if (settings.renderDirectory !== undefined) return asItWas(request);
      const state = fromStruct(request.getProperties()).plain;
      const declared = fromStruct(request.getInputs());
      const [, typeVersion = "", typeKind = ""] = typeOf(request.getUrn()).split(":");
      const manager = managerOf(request.getUrn(), state, state);
      const found = await read(
        requireClient(),
        request.getId(),
        textAt(state, "apiVersion") ?? typeVersion.replace(/^core\//, ""),
        textAt(state, "kind") ?? typeKind,
        Object.keys(declared.plain).length > 0 ? declared.plain : undefined,
        manager,
      );
      const response = new messages.ReadResponse();
      if (found === undefined) return response;
      response.setId(request.getId());
      response.setProperties(outputs(found.live, manager, declared));
      response.setInputs(toStruct(found.inputs, declared.secrets));
      return response;
    },
    update: async (request: Provider.UpdateRequest) => {
      const declared = fromStruct(request.getNews());
      const manager = managerOf(request.getUrn(), fromStruct(request.getOlds()).plain, declared.plain);
      const response = new messages.UpdateResponse();
      if (settings.renderDirectory !== undefined) {
        if (!request.getPreview()) rendered(request.getUrn(), settings.renderDirectory, declared);
        response.setProperties(outputs(declared.plain, manager, declared));
        return response;
      }
      const live = request.getPreview()
        ? await preview(client, declared.plain, application(manager), false)
        : await kept(manager, declared, () => update(requireClient(), declared.plain, application(manager), patience(request)));
      response.setProperties(outputs(live, manager, declared));
      return response;
    },
    delete: async (request: Provider.DeleteRequest) => {
      const object = fromStruct(request.getProperties()).plain;
      if (settings.renderDirectory !== undefined) {
        unrender(settings.renderDirectory, object);
        return new Empty();
      }
      try {
        if (isPatch(typeOf(request.getUrn()), object))
          await relinquish(requireClient(), object, managerOf(request.getUrn(), object, object));
        else await remove(requireClient(), object, patience(request));
      } catch (error) {
        if (!(error instanceof UnreachableError && settings.deletesUnreachable)) throw error;
      }
      return new Empty();
    },
    invoke: async (request: Provider.InvokeRequest) => {
      throw new Error(`the lab's Kubernetes plugin has no function ${request.getTok()}`);
    },
    construct: async (request: Provider.ConstructRequest) => {
      throw new Error(`the lab's Kubernetes plugin has no component ${request.getType()}`);
    },
    // An engine that finds the plugin running (PULUMI_DEBUG_PROVIDERS) says where it is.
    attach: async (request: { getAddress(): string }) => {
      report = createReporter(request.getAddress());
      return new Empty();
    },
    cancel: async () => {
      cancelled.abort();
      return new Empty();
    },
  };
  return Object.fromEntries(Object.entries(handlers).map(([name, handler]) => [name, unary(handler)]));
}

function configured(): Provider.ConfigureResponse {
  const response = new messages.ConfigureResponse();
  response.setAcceptsecrets(true);
  response.setSupportspreview(true);
  return response;
}

/** A resource as the state has it: what only is a file does not drift. */
function asItWas(request: Provider.ReadRequest): Provider.ReadResponse {
  const response = new messages.ReadResponse();
  response.setId(request.getId());
  response.setProperties(request.getProperties());
  response.setInputs(request.getInputs());
  return response;
}

/** The type token of a URN. */
function typeOf(urn: string): string {
  return urn.split("::")[2]?.split("$").at(-1) ?? "";
}

/** Who owns the fields of a resource: what its annotation says, else what the state says, else a name made from the URN. */
function managerOf(urn: string, state: JsonObject = {}, declared: JsonObject = {}): string {
  const annotated = textAt(declared, "metadata", "annotations", "pulumi.com/patchFieldManager");
  return (
    annotated ?? textAt(state, managerKey) ?? `pulumi-kubernetes-${createHash("sha256").update(urn).digest("hex").slice(0, 8)}`
  );
}

function unary(handler: Handler): grpc.handleUnaryCall<unknown, object> {
  return (call, callback) => {
    // gRPC gives each method the request of its own type.
    handler(call.request as never).then(
      (response) => callback(null, response),
      (error: unknown) => {
        if (error instanceof InitFailure) return callback(error.status);
        return callback({ code: grpc.status.UNKNOWN, details: error instanceof Error ? error.message : String(error) });
      },
    );
  };
}
