import { type Api, ApiError } from "./api.ts";

/** Whose token speakers are asked with: it may see what Berth shows, and nothing of the cluster. */
const viewer = "berth-viewer";
const lifetimeSeconds = 600;
/** A token is renewed so long before its end. */
const earlyMilliseconds = 120_000;

/**
 * Gets tokens of berth-viewer for who wants to ask speakers: its own token never leaves the API server.
 * @param namespace where Berth is installed
 * @returns gives a token that is good for some minutes, a new one when the last has grown old
 * @throws Error, from what it returns, that says which right or account is missing
 */
export function viewerTokens(api: Api, namespace: string): () => Promise<string> {
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${viewer}/token`;
  const request = {
    apiVersion: "authentication.k8s.io/v1",
    kind: "TokenRequest",
    spec: { expirationSeconds: lifetimeSeconds },
  };
  let token = "";
  let until = 0;
  return async () => {
    if (Date.now() < until) return token;
    try {
      const { status } = (await api.send("POST", path, request)) as { readonly status: { readonly token: string } };
      token = status.token;
      until = Date.now() + lifetimeSeconds * 1000 - earlyMilliseconds;
      return token;
    } catch (error) {
      if (!(error instanceof ApiError) || (error.status !== 403 && error.status !== 404)) throw error;
      throw new Error(
        error.status === 403
          ? `speakers are asked with a token of ${viewer}, which needs the right to create serviceaccounts/token in ${namespace}: ${error.message}`
          : `there is no account ${viewer} in ${namespace}, with whose token speakers are asked; LoadBalancer makes it`,
      );
    }
  };
}
