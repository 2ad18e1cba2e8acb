import { speakerSelector } from "../../kubernetes/announced.ts";
import type { Pod } from "../../kubernetes/objects.ts";
import type { Api } from "../../kubernetes/shell/api.ts";
import { viewerTokens } from "../../kubernetes/shell/viewerToken.ts";
import { proxiedAuthorization, speakerPort } from "../../shell/secureHttp.ts";

/** Whom to ask. */
interface Asked {
  readonly namespace: string;
  /** One node alone. */
  readonly node?: string | undefined;
}

/** Asks every speaker that runs, or that of one node, through the API server. @throws Error when there is none to ask */
export async function askSpeakers<T>(
  api: Api,
  asked: Asked,
  path: string,
): Promise<readonly (readonly [node: string, answer: T])[]> {
  const speakers = await speakersOf(api, asked);
  const headers = { [proxiedAuthorization]: `Bearer ${await viewerTokens(api, asked.namespace)()}` };
  const answers = await Promise.all(
    speakers.map(async ([node, pod]) => {
      const url = `/api/v1/namespaces/${asked.namespace}/pods/https:${pod}:${speakerPort}/proxy/${path}`;
      return [node, JSON.parse(await api.text(url, headers)) as T] as const;
    }),
  );
  return [...answers].sort(([a], [b]) => (a < b ? -1 : 1));
}

async function speakersOf(api: Api, { namespace, node }: Asked): Promise<(readonly [node: string, pod: string])[]> {
  const query = new URLSearchParams({ labelSelector: speakerSelector });
  const { items } = (await api.send("GET", `/api/v1/namespaces/${namespace}/pods?${query}`)) as {
    readonly items: readonly Pod[];
  };
  const pods = items
    .map((pod) => [pod.spec?.nodeName ?? "", pod.metadata.name] as const)
    .filter(([on]) => node === undefined || on === node);
  if (pods.length > 0) return pods;
  throw new Error(
    node === undefined
      ? `no speaker runs in namespace ${namespace}; give the namespace that Berth is installed in with --namespace`
      : `no speaker runs on node "${node}"; there are ${items.map((pod) => pod.spec?.nodeName ?? "").join(", ") || "none"}`,
  );
}
