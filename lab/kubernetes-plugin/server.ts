import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import * as grpc from "@grpc/grpc-js";
import type * as Engine from "@pulumi/pulumi/proto/engine_pb.js";
import type * as Provider from "@pulumi/pulumi/proto/provider_pb.js";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb.js";
import { Client } from "./client.ts";
import { diffInputs, formatPath } from "./diff.ts";
import { complete, create, idOf, NotReadyError, preview, read, remove, update } from "./objects.ts";
import { isObject, type Json, type JsonObject, type Path, textAt, unwrapSecrets, wrapSecrets } from "./values.ts";

const require = createRequire(import.meta.url);
const messages = require("@pulumi/pulumi/proto/provider_pb.js") as typeof Provider;
const engineMessages = require("@pulumi/pulumi/proto/engine_pb.js") as typeof Engine;
const { EngineClient } = require("@pulumi/pulumi/proto/engine_grpc_pb.js") as {
  readonly EngineClient: new (
    address: string,
    credentials: grpc.ChannelCredentials,
  ) => { log(request: Engine.LogRequest, done: () => void): void };
};
const { PluginInfo } = require("@pulumi/pulumi/proto/plugin_pb.js") as {
  readonly PluginInfo: new () => { setVersion(version: string): void };
};
const { Status } = require("@pulumi/pulumi/proto/status_pb.js") as { readonly Status: new () => StatusMessage };
const { Empty } = require("google-protobuf/google/protobuf/empty_pb.js") as { readonly Empty: new () => object };
const { Any } = require("google-protobuf/google/protobuf/any_pb.js") as {
  readonly Any: new () => { pack(bytes: Uint8Array, name: string): void };
};
const { Struct: StructMessage } = require("google-protobuf/google/protobuf/struct_pb.js") as { readonly Struct: typeof Struct };

interface StatusMessage {
  setCode(code: number): void;
  setMessage(message: string): void;
  addDetails(details: object): void;
  serializeBinary(): Uint8Array;
}

/** The version that the plugin says it has: what `@pulumi/kubernetes` of this repository asks for. */
const version = "4.34.2";
const noStruct = (): JsonObject => ({});

function fromStruct(struct: Struct | undefined): { readonly plain: JsonObject; readonly secrets: readonly Path[] } {
  const { plain, secrets } = unwrapSecrets((struct?.toJavaScript() ?? {}) as Json);
  return { plain: isObject(plain) ? plain : noStruct(), secrets };
}

/** Outputs for the state: secrets of the inputs stay secret, and everything in a Secret is one. */
function toStruct(object: JsonObject, secrets: readonly Path[]): Struct {
  const always: readonly Path[] = object["kind"] === "Secret" ? [["data"], ["stringData"]] : [];
  return StructMessage.fromJavaScript(
    wrapSecrets(object, [...secrets, ...always]) as Parameters<typeof StructMessage.fromJavaScript>[0],
  );
}

type Handler<Request> = (request: Request) => Promise<object>;

/** The service that the engine calls. @param engineAddress where progress is said; undefined when nobody listens */
export function createService(engineAddress: string | undefined): grpc.UntypedServiceImplementation {
  const engine = engineAddress === undefined ? undefined : new EngineClient(engineAddress, grpc.credentials.createInsecure());
  const cancelled = new AbortController();
  let client: Client | undefined;
  let problem = "the plugin has not been configured";

  const requireClient = (): Client => {
    if (client === undefined) throw new Error(problem);
    return client;
  };
  const progressOf =
    (urn: string) =>
    (message: string): void => {
      const request = new engineMessages.LogRequest();
      request.setSeverity(engineMessages.LogSeverity.INFO);
      request.setMessage(message);
      request.setUrn(urn);
      request.setEphemeral(true);
      engine?.log(request, () => undefined);
    };
  const managerOf = (urn: string): string => `pulumi-kubernetes-${createHash("sha256").update(urn).digest("hex").slice(0, 8)}`;

  const handlers = {
    getPluginInfo: async () => {
      const info = new PluginInfo();
      info.setVersion(version);
      return info;
    },
    getSchema: async () => {
      const response = new messages.GetSchemaResponse();
      response.setSchema(JSON.stringify({ name: "kubernetes", version }));
      return response;
    },
    checkConfig: async (request: Provider.CheckRequest) => {
      const response = new messages.CheckResponse();
      response.setInputs(request.getNews());
      return response;
    },
    diffConfig: async () => new messages.DiffResponse(),
    configure: async (request: Provider.ConfigureRequest) => {
      const variable = (name: string): string | undefined => {
        const value = request.getVariablesMap().get(`kubernetes:config:${name}`);
        return value === undefined || value === "" ? undefined : value;
      };
      try {
        client = new Client(variable("kubeconfig"), variable("context"), variable("namespace"));
      } catch (error) {
        problem = `the kubeconfig cannot be used: ${error instanceof Error ? error.message : String(error)}`;
      }
      const response = new messages.ConfigureResponse();
      response.setAcceptsecrets(true);
      response.setSupportspreview(true);
      return response;
    },
    check: async (request: Provider.CheckRequest) => {
      const { plain, secrets } = fromStruct(request.getNews());
      const old = request.getOlds() === undefined ? undefined : fromStruct(request.getOlds()).plain;
      const name = request.getName() || (request.getUrn().split("::").at(-1) ?? "resource");
      const inputs = await complete(client, plain, old, name, request.getRandomseed_asU8());
      const response = new messages.CheckResponse();
      response.setInputs(
        StructMessage.fromJavaScript(wrapSecrets(inputs, secrets) as Parameters<typeof StructMessage.fromJavaScript>[0]),
      );
      return response;
    },
    diff: async (request: Provider.DiffRequest) => {
      const before = fromStruct(request.getOldInputs() ?? request.getOlds()).plain;
      const after = fromStruct(request.getNews()).plain;
      const ignored = request.getIgnorechangesList();
      const changes = diffInputs(before, after).filter(
        (change) => !ignored.some((path) => formatPath(change.path).startsWith(path)),
      );
      const response = new messages.DiffResponse();
      const replaces = changes.filter((change) => change.isReplacing);
      response.setChanges(
        changes.length > 0 ? messages.DiffResponse.DiffChanges.DIFF_SOME : messages.DiffResponse.DiffChanges.DIFF_NONE,
      );
      response.setDiffsList([...new Set(changes.map((change) => String(change.path[0])))]);
      response.setReplacesList([...new Set(replaces.map((change) => formatPath(change.path)))]);
      response.setHasdetaileddiff(true);
      const kinds = messages.PropertyDiff.Kind;
      for (const change of changes) {
        const detail = new messages.PropertyDiff();
        const [plain, replacing] = {
          add: [kinds.ADD, kinds.ADD_REPLACE],
          delete: [kinds.DELETE, kinds.DELETE_REPLACE],
          update: [kinds.UPDATE, kinds.UPDATE_REPLACE],
        }[change.kind];
        detail.setKind((change.isReplacing ? replacing : plain) ?? kinds.UPDATE);
        detail.setInputdiff(true);
        response.getDetaileddiffMap().set(formatPath(change.path), detail);
      }
      const isSameName =
        textAt(before, "metadata", "name") === textAt(after, "metadata", "name") &&
        textAt(before, "metadata", "namespace") === textAt(after, "metadata", "namespace");
      response.setDeletebeforereplace(
        replaces.length > 0 && isSameName && textAt(after, "metadata", "annotations", "pulumi.com/autonamed") !== "true",
      );
      return response;
    },
    create: async (request: Provider.CreateRequest) => {
      const { plain, secrets } = fromStruct(request.getProperties());
      const manager = managerOf(request.getUrn());
      const response = new messages.CreateResponse();
      if (request.getPreview()) {
        response.setProperties(toStruct(await preview(client, plain, manager), secrets));
        return response;
      }
      const live = await withSecrets(secrets, plain, () =>
        create(requireClient(), plain, manager, request.getTimeout(), progressOf(request.getUrn()), cancelled.signal),
      );
      response.setId(idOf(live));
      response.setProperties(toStruct(live, secrets));
      return response;
    },
    read: async (request: Provider.ReadRequest) => {
      const state = fromStruct(request.getProperties());
      const declared = request.getInputs() === undefined ? undefined : fromStruct(request.getInputs());
      const [, typeVersion = "", typeKind = ""] = (request.getUrn().split("::")[2]?.split("$").at(-1) ?? "").split(":");
      const apiVersion = textAt(state.plain, "apiVersion") ?? typeVersion.replace(/^core\//, "");
      const hasInputs = declared !== undefined && Object.keys(declared.plain).length > 0;
      const found = await read(
        requireClient(),
        request.getId(),
        apiVersion,
        textAt(state.plain, "kind") ?? typeKind,
        hasInputs ? declared.plain : undefined,
      );
      const response = new messages.ReadResponse();
      if (found === undefined) return response;
      response.setId(request.getId());
      response.setProperties(toStruct(found.live, declared?.secrets ?? []));
      response.setInputs(toStruct(found.inputs, declared?.secrets ?? []));
      return response;
    },
    update: async (request: Provider.UpdateRequest) => {
      const { plain, secrets } = fromStruct(request.getNews());
      const manager = managerOf(request.getUrn());
      const response = new messages.UpdateResponse();
      const act = () =>
        update(requireClient(), plain, manager, request.getTimeout(), progressOf(request.getUrn()), cancelled.signal);
      const live = request.getPreview() ? await preview(client, plain, manager) : await withSecrets(secrets, plain, act);
      response.setProperties(toStruct(live, secrets));
      return response;
    },
    delete: async (request: Provider.DeleteRequest) => {
      await remove(
        requireClient(),
        fromStruct(request.getProperties()).plain,
        request.getTimeout(),
        progressOf(request.getUrn()),
        cancelled.signal,
      );
      return new Empty();
    },
    invoke: async (request: Provider.InvokeRequest) => {
      throw new Error(`the lab's Kubernetes plugin has no function ${request.getTok()}`);
    },
    cancel: async () => {
      cancelled.abort();
      return new Empty();
    },
  };
  return Object.fromEntries(Object.entries(handlers).map(([name, handler]) => [name, unary(handler as Handler<unknown>)]));
}

/** What did not become ready goes into the state with its secrets marked. */
async function withSecrets(secrets: readonly Path[], inputs: JsonObject, act: () => Promise<JsonObject>): Promise<JsonObject> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof NotReadyError) throw Object.assign(error, { secrets, inputs });
    throw error;
  }
}

function unary(handler: Handler<unknown>): grpc.handleUnaryCall<unknown, object> {
  return (call, callback) => {
    handler(call.request).then(
      (response) => callback(null, response),
      (error: unknown) => {
        if (error instanceof NotReadyError) return callback(initFailure(error));
        return callback({ code: grpc.status.UNKNOWN, details: error instanceof Error ? error.message : String(error) });
      },
    );
  };
}

/** The engine keeps such an object in its state and says what is missing. */
function initFailure(error: NotReadyError): Partial<grpc.StatusObject> {
  const { secrets = [], inputs = {} } = error as { readonly secrets?: readonly Path[]; readonly inputs?: JsonObject };
  const detail = new messages.ErrorResourceInitFailed();
  detail.setId(error.id);
  detail.setProperties(toStruct(error.live, secrets));
  detail.setInputs(toStruct(inputs, secrets));
  detail.setReasonsList([error.message]);
  const any = new Any();
  any.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const status = new Status();
  status.setCode(grpc.status.UNKNOWN);
  status.setMessage(error.message);
  status.addDetails(any);
  const metadata = new grpc.Metadata();
  metadata.add("grpc-status-details-bin", Buffer.from(status.serializeBinary()));
  return { code: grpc.status.UNKNOWN, details: error.message, metadata };
}
