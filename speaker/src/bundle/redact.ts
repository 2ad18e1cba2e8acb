/** Takes secrets out of what goes into a bug report. Pure: rather too much is taken out than too little. */

/** What stands where a secret stood. */
export const removed = "***";

/** A value shorter than this is not looked for everywhere: it would take harmless text with it. */
const shortest = 4;
const shortestGuess = 8;
const sensitive = /pass(word|wd|phrase)?|secret|token|api[-_]?key|private[-_]?key|credential|authorization|cookie/i;
/** Fields whose names sound like secrets and hold names or switches. */
const harmless =
  /^(secretName|secretRef|secretKeyRef|passwordSecret|imagePullSecrets?|automountServiceAccountToken|tokenExpirationSeconds|nameOfSecret)$/i;
/** Annotations that say what Berth, its peers and Kubernetes do; the values of all others are taken out. */
const plainAnnotations =
  /^(lb\.kubesphere\.io|eip\.(openelb|porter)\.kubesphere\.io|protocol\.(openelb|porter)\.kubesphere\.io|layer2\.(openelb|porter)\.kubesphere\.io|bgp\.(openelb|porter)\.kubesphere\.io|openelb\.kubesphere\.io|berth\.dev|metallb\.(io|universe\.tf)|endpoints\.kubernetes\.io|node\.alpha\.kubernetes\.io|deployment\.kubernetes\.io|deprecated\.daemonset\.template\.generation|pulumi\.com|volumes\.kubernetes\.io)(\/|$)/;

/** What is replaced in any text, whatever is known of it. */
const patterns: readonly (readonly [RegExp, string | ((...groups: string[]) => string)])[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?-----END [A-Z ]*PRIVATE KEY-----/g, removed],
  [/\beyJ[\w-]{6,}\.[\w-]{6,}\.[\w-]*/g, removed],
  [/\b(bearer|basic)\s+[\w.~+/=-]{6,}/gi, `$1 ${removed}`],
  [/\b([a-z][a-z0-9+.-]*:\/\/[^\s:/@"']*):[^\s@"']+@/gi, `$1:${removed}@`],
  [
    /(\\?["']?)([\w.-]*(?:password|passwd|passphrase|secret|token|api[-_]?key|private[-_]?key|credential)[\w.-]*)\1(\s*[=:]\s*)(\\?"(?:[^"\\]|\\[^"])*\\?"|'[^']*'|[^\s,;)}\]"']+)/gi,
    (_, quote = "", name = "", between = "", value = "") => `${quote}${name}${quote}${between}${quoted(value)}`,
  ],
  [/(--[\w-]*(?:password|token|secret|key)[\w-]*)\s+(?!-)\S+/gi, `$1 ${removed}`],
];

/** An argument whose value is the next one. */
const secretFlag = /^--[\w-]*(password|token|secret|key)[\w-]*$/i;

/** What stands for a value, in the quotes that it had: JSON stays JSON. */
function quoted(value: string): string {
  const quote = /^(\\?"|')/.exec(value)?.[1] ?? "";
  return `${quote}${removed}${quote}`;
}

/** Knows the secrets of one cluster, and takes them out of texts and objects. */
export class Redactor {
  readonly #secrets: readonly string[];

  /** @param secrets values that must not appear anywhere, in plain text or in base64 */
  constructor(secrets: Iterable<string>) {
    const all = new Set<string>();
    for (const secret of secrets) {
      if (secret.trim().length < shortest) continue;
      for (const form of [secret, secret.trim(), base64(secret), JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)])
        if (form.length >= shortest) all.add(form);
    }
    // The longer first: one may be a part of another.
    this.#secrets = [...all].sort((a, b) => b.length - a.length);
  }

  /** A text without secrets, such as a log. */
  text(text: string): string {
    const known = this.#secrets.reduce((rest, secret) => rest.replaceAll(secret, removed), text);
    return patterns.reduce(
      (rest, [pattern, by]) => (typeof by === "string" ? rest.replace(pattern, by) : rest.replace(pattern, by)),
      known,
    );
  }

  /** A Kubernetes object, or a list of such, without secrets. */
  object(value: unknown): unknown {
    return this.#walk(value, "");
  }

  #walk(value: unknown, key: string): unknown {
    if (typeof value === "string") return sensitive.test(key) && !harmless.test(key) && value !== "" ? removed : this.text(value);
    if (Array.isArray(value))
      return value.map((one: unknown, index) => {
        if (key === "env") return withoutValue(this.#walk(one, ""));
        return typeof one === "string" && secretFlag.test(String(value[index - 1])) ? removed : this.#walk(one, key);
      });
    if (typeof value !== "object" || value === null) return value;
    const record = value as Readonly<Record<string, unknown>>;
    const isSecret = record["kind"] === "Secret";
    return Object.fromEntries(
      Object.entries(record).flatMap(([name, one]): [string, unknown][] => {
        if (name === "managedFields" || name === "kubectl.kubernetes.io/last-applied-configuration") return [];
        if (isSecret && (name === "data" || name === "stringData")) return [[name, removed]];
        if (name === "annotations" && isRecord(one)) return [[name, this.#annotations(one)]];
        return [[name, this.#walk(one, name)]];
      }),
    );
  }

  #annotations(annotations: Readonly<Record<string, unknown>>): Record<string, unknown> {
    return Object.fromEntries(
      Object.entries(annotations).flatMap(([name, value]) =>
        name === "kubectl.kubernetes.io/last-applied-configuration"
          ? []
          : [[name, plainAnnotations.test(name) && !sensitive.test(name) ? this.#walk(value, "") : removed]],
      ),
    );
  }
}

/** The values in objects that may be secrets: passwords of peers, what annotations and variables with telling names hold. */
export function secretsIn(value: unknown, key = ""): string[] {
  if (typeof value === "string") return sensitive.test(key) && !harmless.test(key) ? [value] : [];
  if (Array.isArray(value))
    return value.flatMap((one) => (key === "env" ? variableOf(one) : secretsIn(one, key === "env" ? "" : key)));
  if (!isRecord(value)) return [];
  if (value["kind"] === "Secret" && isRecord(value["data"]))
    return Object.values(value["data"]).flatMap((encoded) => (typeof encoded === "string" ? [unbase64(encoded)] : []));
  return Object.entries(value).flatMap(([name, one]) => secretsIn(one, name));
}

function variableOf(one: unknown): string[] {
  const value = isRecord(one) ? one["value"] : undefined;
  return typeof value === "string" && value.length >= shortestGuess ? [value] : [];
}

function withoutValue(variable: unknown): unknown {
  return isRecord(variable) && "value" in variable ? { ...variable, value: removed } : variable;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

function unbase64(text: string): string {
  try {
    return new TextDecoder().decode(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)));
  } catch {
    return text;
  }
}
