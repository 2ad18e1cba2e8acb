import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";

/** How a server that changes nothing answers. */
export interface ReadOnlyAnswers {
  /** Answers a GET or HEAD. What it throws is status 500 with the error's message. */
  answer(request: IncomingMessage, response: ServerResponse): Promise<void>;
  end(response: ServerResponse, status: number, type: string, body: string): void;
}

/** Of TLS 1.2 only what has forward secrecy and authenticates what it encrypts; all of TLS 1.3. */
const ciphers = [
  ...["TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_GCM_SHA256"],
  ...["AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305"].flatMap((cipher) => [
    `ECDHE-ECDSA-${cipher}`,
    `ECDHE-RSA-${cipher}`,
  ]),
].join(":");

/** What every answer over TLS has: nothing is stored, guessed, framed or told to others. A content security policy goes with what is served. */
export const strictHeaders = {
  "strict-transport-security": "max-age=31536000",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=()",
  "cache-control": "no-store",
} as const;

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
  const server = createServer({ ...certificate, minVersion: "TLSv1.2", ciphers }, (request, response) => {
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.setHeader("allow", "GET, HEAD");
      return end(response, 405, "text/plain", "only GET is served here\n");
    }
    if (!URL.canParse(request.url ?? "/", "https://berth")) return end(response, 400, "text/plain", "the path cannot be read\n");
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
