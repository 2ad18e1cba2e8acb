/** A test tool of Berth's lab: a small Kubernetes plugin for Pulumi's engine, over the real API server. See README.md. */
import { createRequire } from "node:module";
import { connect } from "node:net";
import * as grpc from "@grpc/grpc-js";
import { createService } from "./server.ts";

const require = createRequire(import.meta.url);
const { ResourceProviderService } = require("@pulumi/pulumi/proto/provider_grpc_pb.js") as {
  readonly ResourceProviderService: grpc.ServiceDefinition;
};

const engineAddress = process.argv.slice(2).find((argument) => !argument.startsWith("-"));
const server = new grpc.Server({ "grpc.max_receive_message_length": 1 << 28, "grpc.max_send_message_length": 1 << 28 });
server.addService(ResourceProviderService, createService(engineAddress));
server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  process.stdout.write(`${port}\n`);
});

/** The engine ends its plugins; one that was killed cannot, and its plugin would stay for ever. */
const watchInterval = 15_000;
const [, host, port] = /^(.*):(\d+)$/.exec(engineAddress ?? "") ?? [];
if (host !== undefined && port !== undefined) {
  setInterval(() => {
    const socket = connect(Number(port), host);
    socket.on("connect", () => socket.destroy());
    socket.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ECONNREFUSED") process.exit(0);
    });
  }, watchInterval).unref();
}
