/** The messages of the engine, loaded and wrapped: what the rest of the plugin sees of gRPC and protobuf. */
import { createRequire } from "node:module";
import * as grpc from "@grpc/grpc-js";
import type * as Engine from "@pulumi/pulumi/proto/engine_pb.js";
import type * as Provider from "@pulumi/pulumi/proto/provider_pb.js";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb.js";
import type { Change } from "./diff.ts";
import { formatPath } from "./diff.ts";
import type { Problem } from "./settings.ts";
import { isObject, type Json, type JsonObject, type Path, unwrapSecrets, wrapSecrets } from "./values.ts";
import type { NotReadyError } from "./waiting.ts";

const require = createRequire(import.meta.url);
/** The provider's messages. */
export const messages = require("@pulumi/pulumi/proto/provider_pb.js") as typeof Provider;
const engineMessages = require("@pulumi/pulumi/proto/engine_pb.js") as typeof Engine;
const { EngineClient } = require("@pulumi/pulumi/proto/engine_grpc_pb.js") as {
  readonly EngineClient: new (
    address: string,
    credentials: grpc.ChannelCredentials,
  ) => { log(request: Engine.LogRequest, done: () => void): void };
};
/** What the plugin says about itself. */
export const { PluginInfo } = require("@pulumi/pulumi/proto/plugin_pb.js") as {
  readonly PluginInfo: new () => { setVersion(version: string): void };
};
/** An answer without content. */
export const { Empty } = require("google-protobuf/google/protobuf/empty_pb.js") as { readonly Empty: new () => object };
const { Status } = require("@pulumi/pulumi/proto/status_pb.js") as { readonly Status: new () => StatusMessage };
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

/** Properties without the marks of secrets, and where the secrets were. */
export interface Properties {
  readonly plain: JsonObject;
  readonly secrets: readonly Path[];
}

/** Takes properties from the wire. */
export function fromStruct(struct: Struct | undefined): Properties {
  const { plain, secrets } = unwrapSecrets((struct?.toJavaScript() ?? {}) as Json);
  return { plain: isObject(plain) ? plain : {}, secrets };
}

/** Puts properties on the wire: secrets of the inputs stay secret, and all data of a Secret are. */
export function toStruct(object: JsonObject, secrets: readonly Path[]): Struct {
  const always: readonly Path[] = object["kind"] === "Secret" ? [["data"], ["stringData"]] : [];
  return StructMessage.fromJavaScript(
    wrapSecrets(object, [...secrets, ...always]) as Parameters<typeof StructMessage.fromJavaScript>[0],
  );
}

/** An answer to Check and CheckConfig. */
export function checkResponse(inputs: Struct | undefined, problems: readonly Problem[]): Provider.CheckResponse {
  const response = new messages.CheckResponse();
  response.setInputs(inputs);
  for (const { property, reason } of problems) {
    const failure = new messages.CheckFailure();
    failure.setProperty(property);
    failure.setReason(reason);
    response.addFailures(failure);
  }
  return response;
}

/** An answer to Diff and DiffConfig. @param isAlways says that something changed, whatever the changes are */
export function diffResponse(changes: readonly Change[], isDeletedFirst: boolean, isAlways = false): Provider.DiffResponse {
  const response = new messages.DiffResponse();
  const { DIFF_SOME, DIFF_NONE } = messages.DiffResponse.DiffChanges;
  const { ADD, ADD_REPLACE, DELETE, DELETE_REPLACE, UPDATE, UPDATE_REPLACE } = messages.PropertyDiff.Kind;
  const kinds = { add: [ADD, ADD_REPLACE], delete: [DELETE, DELETE_REPLACE], update: [UPDATE, UPDATE_REPLACE] } as const;
  const replaces = changes.filter((change) => change.isReplacing);
  response.setChanges(changes.length > 0 || isAlways ? DIFF_SOME : DIFF_NONE);
  response.setDiffsList([...new Set(changes.map((change) => String(change.path[0])))]);
  response.setReplacesList([...new Set(replaces.map((change) => formatPath(change.path)))]);
  response.setHasdetaileddiff(true);
  for (const change of changes) {
    const detail = new messages.PropertyDiff();
    detail.setKind(kinds[change.kind][change.isReplacing ? 1 : 0]);
    detail.setInputdiff(true);
    response.getDetaileddiffMap().set(formatPath(change.path), detail);
  }
  response.setDeletebeforereplace(replaces.length > 0 && isDeletedFirst);
  return response;
}

/** The error by which the engine keeps an object in its state and says what is missing. */
export function initFailure(error: NotReadyError, outputs: Struct, inputs: Struct): Partial<grpc.StatusObject> {
  const detail = new messages.ErrorResourceInitFailed();
  detail.setId(error.id);
  detail.setProperties(outputs);
  detail.setInputs(inputs);
  detail.setReasonsList([...error.reasons]);
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

/** Tells the engine how a resource is getting on; shown while it lasts and not kept, but for warnings. */
export function createReporter(engineAddress: string | undefined): (urn: string, message: string, isWarning?: boolean) => void {
  if (engineAddress === undefined) return () => undefined;
  const engine = new EngineClient(engineAddress, grpc.credentials.createInsecure());
  return (urn, message, isWarning = false) => {
    const request = new engineMessages.LogRequest();
    request.setSeverity(isWarning ? engineMessages.LogSeverity.WARNING : engineMessages.LogSeverity.INFO);
    request.setMessage(message);
    request.setUrn(urn);
    request.setEphemeral(!isWarning);
    engine.log(request, () => undefined);
  };
}
