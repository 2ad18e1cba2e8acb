import { createHash } from "node:crypto";
import type { Api } from "../../kubernetes/shell/api.ts";

/** What came of a request's token. */
export type Verdict =
  | { readonly isAllowed: true; readonly user: string }
  | { readonly isAllowed: false; readonly status: 401 | 403 | 503; readonly message: string };

interface Remembered {
  readonly until: number;
  readonly verdict: Promise<Verdict>;
}

/** An answer is believed for this long: a token that is revoked works for so many milliseconds more. */
const rememberMilliseconds = 10_000;
/** While the API server cannot be asked, who was let in so recently is let in again: metrics are wanted most when it is gone. */
const trustMilliseconds = 600_000;
/** No more than so many answers are remembered; what is older is asked again. */
const remembered = 1000;

/**
 * Asks the API server who a bearer token belongs to (TokenReview), and whether that user may read a path of ours (SubjectAccessReview).
 * Tokens are kept as digests only, and not for long.
 */
export class Authorizer {
  readonly #api: Api;
  readonly #answers = new Map<string, Remembered>();
  /** Until when each is let in without being asked about, and as whom. */
  readonly #trusted = new Map<string, { readonly until: number; readonly user: string }>();

  constructor(api: Api) {
    this.#api = api;
  }

  /** @param authorization the header of that name @param path a non-resource URL, as RBAC rules name it */
  check(authorization: string | undefined, path: string): Promise<Verdict> {
    const token = /^Bearer ([^\s]+)$/i.exec(authorization ?? "")?.[1];
    if (token === undefined)
      return Promise.resolve({
        isAllowed: false,
        status: 401,
        message: "sign in with a Kubernetes token: Authorization: Bearer <token>",
      });
    const key = `${path} ${createHash("sha256").update(token).digest("base64")}`;
    const now = Date.now();
    const known = this.#answers.get(key);
    if (known !== undefined && known.until > now) return known.verdict;
    if (this.#answers.size >= remembered) this.#answers.clear();
    const asked = this.#ask(token, path).then((answer) => {
      if (this.#trusted.size >= remembered) this.#trusted.clear();
      if (answer.isAllowed) this.#trusted.set(key, { until: Date.now() + trustMilliseconds, user: answer.user });
      else this.#trusted.delete(key);
      return answer;
    });
    const verdict = asked.catch((error: unknown): Verdict => {
      this.#answers.delete(key);
      const trusted = this.#trusted.get(key);
      if (trusted !== undefined && trusted.until > Date.now()) return { isAllowed: true, user: trusted.user };
      return { isAllowed: false, status: 503, message: `the API server cannot be asked about the token: ${String(error)}` };
    });
    this.#answers.set(key, { until: now + rememberMilliseconds, verdict });
    return verdict;
  }

  async #ask(token: string, path: string): Promise<Verdict> {
    const review = (await this.#api.send("POST", "/apis/authentication.k8s.io/v1/tokenreviews", {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenReview",
      spec: { token },
    })) as {
      readonly status?: {
        readonly authenticated?: boolean;
        readonly user?: {
          readonly username?: string;
          readonly uid?: string;
          readonly groups?: readonly string[];
          readonly extra?: Readonly<Record<string, readonly string[]>>;
        };
      };
    };
    const user = review.status?.user;
    if (review.status?.authenticated !== true || user?.username === undefined)
      return { isAllowed: false, status: 401, message: "the API server does not know this token; it may have expired" };
    const access = (await this.#api.send("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", {
      apiVersion: "authorization.k8s.io/v1",
      kind: "SubjectAccessReview",
      spec: {
        user: user.username,
        ...(user.uid === undefined ? {} : { uid: user.uid }),
        ...(user.groups === undefined ? {} : { groups: user.groups }),
        ...(user.extra === undefined ? {} : { extra: user.extra }),
        nonResourceAttributes: { path, verb: "get" },
      },
    })) as { readonly status?: { readonly allowed?: boolean } };
    if (access.status?.allowed === true) return { isAllowed: true, user: user.username };
    return {
      isAllowed: false,
      status: 403,
      message: `${user.username} may not get ${path}; bind the ClusterRole berth-viewer to it, or a rule for that nonResourceURL`,
    };
  }
}
