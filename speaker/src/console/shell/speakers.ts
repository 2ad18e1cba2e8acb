import { get } from "node:https";
import type { Pod } from "../../kubernetes/objects.ts";
import { speakerPort } from "../../shell/secureHttp.ts";

const patience = 4000;
/** So many speakers are asked at the same time. */
const parallel = 16;
/** An answer is not read further than this: what is asked for is bounded, so that more is a mistake. */
const longestAnswer = 4 * 1024 * 1024;

/** What a speaker answered, or why it did not. */
export type SpeakerAnswer<T> = { readonly node: string; readonly value: T } | { readonly node: string; readonly problem: string };

/** Asks speakers for something under /look/, a few at a time. One that does not answer does not keep the others from it. */
export async function askSpeakers<T>(
  pods: readonly Pod[],
  path: string,
  token: () => Promise<string>,
): Promise<SpeakerAnswer<T>[]> {
  const answers: SpeakerAnswer<T>[] = [];
  const queue = [...pods].sort((a, b) => ((a.spec?.nodeName ?? "") < (b.spec?.nodeName ?? "") ? -1 : 1));
  const worker = async (): Promise<void> => {
    for (let pod = queue.shift(); pod !== undefined; pod = queue.shift()) {
      const node = pod.spec?.nodeName ?? pod.metadata.name;
      try {
        // A speaker of the same version says what it is asked for.
        answers.push({ node, value: (await fetchJson(pod.status?.podIP, path, await token())) as T });
      } catch (error) {
        answers.push({ node, problem: error instanceof Error ? error.message : String(error) });
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(parallel, queue.length) }, worker));
  return answers.sort((a, b) => (a.node < b.node ? -1 : 1));
}

/** A speaker's certificate proves nothing but itself; the token is good for what Berth shows alone. */
function fetchJson(host: string | undefined, path: string, token: string): Promise<unknown> {
  if (host === undefined) return Promise.reject(new Error("its speaker has no address yet"));
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(patience);
    const headers = { authorization: `Bearer ${token}` };
    const options = { host, port: speakerPort, path: `/look/${path}`, headers, signal, rejectUnauthorized: false };
    const request = get(options, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
        if (text.length > longestAnswer) request.destroy(new Error("its speaker's answer is too long"));
      });
      response.on("error", reject);
      response.on("end", () => {
        if (response.statusCode !== 200) return reject(new Error(`its speaker answers ${response.statusCode}: ${text.trim()}`));
        try {
          resolve(JSON.parse(text));
        } catch {
          reject(new Error("its speaker's answer is no JSON"));
        }
      });
    });
    request.on("error", (error) =>
      reject(signal.aborted ? new Error(`its speaker did not answer within ${patience / 1000} s`) : error),
    );
  });
}
