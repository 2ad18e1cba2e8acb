import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";

/** How a server that changes nothing answers. */
export interface ReadOnlyAnswers {
  /** Answers a GET or HEAD. What it throws is status 500 with the error's message. */
  answer(request: IncomingMessage, response: ServerResponse): Promise<void>;
  end(response: ServerResponse, status: number, type: string, body: string): void;
}

/**
 * Serves GET and HEAD over TLS; every other method is 405.
 * @param certificate with its key, both PEM
 * @returns the server, listening; an address in use rejects the promise with the system's error
 */
export function openReadOnlyHttps(
  address: { readonly host: string | undefined; readonly port: number },
  certificate: { readonly cert: string; readonly key: string },
  { answer, end }: ReadOnlyAnswers,
): Promise<Server> {
  const server = createServer({ ...certificate, minVersion: "TLSv1.2" }, (request, response) => {
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.setHeader("allow", "GET, HEAD");
      return end(response, 405, "text/plain", "only GET is served here\n");
    }
    answer(request, response).catch((error: unknown) => {
      if (!response.headersSent) end(response, 500, "text/plain", `${error instanceof Error ? error.message : String(error)}\n`);
      else response.destroy();
    });
  });
  server.requestTimeout = 30_000;
  server.headersTimeout = 10_000;
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(address, () => resolve(server));
  });
}
