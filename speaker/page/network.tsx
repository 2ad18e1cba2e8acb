import type { NodeRow, RouterRow, SessionCell } from "../src/console/model.ts";
import { unheardPart } from "../src/explain/clusterFacts.ts";
import { count, instant, isUp, type Translate, useView } from "./view.ts";
import type { Word } from "./words.ts";

const parts: Readonly<Record<string, Word>> = {
  [unheardPart]: "partApiServer",
  controller: "partController",
  speakers: "partSpeakers",
  nodes: "partNodes",
  pools: "partPools",
  sessions: "partSessions",
  services: "partServices",
};

/** Whether each part of Berth is well. */
export function Health() {
  const { model, t, tell } = useView();
  return (
    <section aria-label={t("health")}>
      <ul class="health">
        {model.health.map(({ key, isWell, message }) => (
          <li key={key}>
            <Dot tone={isWell ? "good" : "bad"} word={isWell ? t("ok") : t("problem")} />{" "}
            <strong>{parts[key] === undefined ? key : t(parts[key])}</strong> {tell(message)}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** A coloured mark, which is a word for those who do not see it; what is bad has another shape too. */
export function Dot({ tone, word }: { readonly tone: "good" | "warn" | "bad"; readonly word: string }) {
  return (
    <>
      <span class={`dot ${tone}`} aria-hidden="true" />
      <span class="visually-hidden">{word}</span>
    </>
  );
}

/** The network as Berth sees it: routers with the state of each session, Layer2 segments, nodes. */
export function Network({ onSearch }: { readonly onSearch: (query: string) => void }) {
  const { model, t } = useView();
  const segments = segmentsOf(model.services);
  return (
    <article aria-label={t("network")}>
      {model.routers.length === 0 ? null : <h2>{t("routers")}</h2>}
      <ul class="cards">
        {model.routers.map((router) => (
          <Router key={router.key} router={router} />
        ))}
      </ul>
      {segments.size === 0 ? null : <h2>{t("segments")}</h2>}
      <ul class="cards">
        {[...segments].map(([via, { addresses, nodes }]) => (
          <li key={via} class="card">
            <h3>{via}</h3>
            <p class="detail">
              {count(t, "address", addresses.size)} · {count(t, "node", nodes.size)}
            </p>
          </li>
        ))}
      </ul>
      <h2>{t("nodes")}</h2>
      <ul class="nodes">
        {model.nodes.map((node) => (
          <li key={node.key}>
            <button type="button" class="node" title={nodeTitle(node, t)} onClick={() => onSearch(node.key)}>
              <Dot tone={nodeTone(node)} word={node.problem || (node.isSpeakerReady ? t("ready") : t("notReady"))} /> {node.key}{" "}
              <small>{count(t, "address", node.announces)}</small>
            </button>
          </li>
        ))}
      </ul>
    </article>
  );
}

/** One router: how many sessions are up, one square for each, and in words those that are not. */
function Router({ router }: { readonly router: RouterRow }) {
  const { t, tell } = useView();
  const { sessions } = router;
  const up = sessions.filter(isUp);
  const down = sessions.filter((one) => !isUp(one));
  return (
    <li class="card">
      <h3>
        {router.neighbor || router.key}{" "}
        <small>
          {router.key} · AS {router.as}
        </small>
      </h3>
      {router.problem === "" ? null : <p class="bad">{router.problem}</p>}
      <p>
        <strong>{t("sessionsUp", up.length, sessions.length)}</strong>
      </p>
      <p class="detail">
        {[range(t("prefixesOut"), up, "sent"), range(t("prefixesIn"), up, "received")].filter(Boolean).join(" · ")}
      </p>
      <div class="squares" aria-hidden="true">
        {sessions.map((session) => (
          <span
            key={session.node}
            class={isUp(session) ? "square good" : "square bad"}
            title={`${session.node}: ${session.state} ${t("since")} ${instant(session.since)} ${tell(session.error)}`}
          />
        ))}
      </div>
      {down.slice(0, 5).map(({ node, state, error }) => (
        <p key={node} class="bad">
          {node}: {state}
          {error === "" ? "" : ` · ${tell(error)}`}
        </p>
      ))}
      {down.length > 5 ? (
        <p class="bad">
          {t("andMore")} {down.length - 5}
        </p>
      ) : null}
    </li>
  );
}

/** Of numbers that should be the same the one, else from where to where. */
function range(label: string, sessions: readonly SessionCell[], field: "sent" | "received"): string {
  const numbers = sessions.flatMap((session) => session[field] ?? []);
  if (numbers.length === 0) return "";
  const [least, most] = [Math.min(...numbers), Math.max(...numbers)];
  return `${label}: ${least === most ? most : `${least}–${most}`}`;
}

function segmentsOf(services: ReturnType<typeof useView>["model"]["services"]) {
  const segments = new Map<string, { readonly addresses: Set<string>; readonly nodes: Set<string> }>();
  for (const { addresses } of services)
    for (const { address, protocol, announcers } of addresses)
      if (protocol === "layer2")
        for (const { via, node } of announcers) {
          const segment = segments.get(via) ?? { addresses: new Set<string>(), nodes: new Set<string>() };
          // Services may share an address.
          segment.addresses.add(address);
          segment.nodes.add(node);
          segments.set(via, segment);
        }
  return segments;
}

function nodeTone({ problem, isSpeakerReady }: NodeRow): "good" | "warn" | "bad" {
  if (!isSpeakerReady) return "bad";
  return problem === "" ? "good" : "warn";
}

function nodeTitle({ addresses, problem, hasSpeaker, isSpeakerReady }: NodeRow, t: Translate): string {
  return [addresses.join(", "), problem, hasSpeaker ? (isSpeakerReady ? t("ready") : t("notReady")) : t("noSpeaker")]
    .filter(Boolean)
    .join(" · ");
}
