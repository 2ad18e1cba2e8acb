import { useEffect, useState } from "preact/hooks";
import type { RouterRow, SessionCell } from "../src/console/model.ts";
import type { RouteAnswer, RouteQuestion } from "../src/console/routes.ts";
import { askRoutes } from "./connection.ts";
import { Dot } from "./network.tsx";
import { Table } from "./table.tsx";
import { count, instant, isUp, matches, type Translate, tone, useView } from "./view.ts";
import type { Word } from "./words.ts";

const views = { router: "viewRouter", out: "viewOut", local: "viewLocal", in: "viewIn" } as const satisfies Record<string, Word>;
const hints = {
  router: "viewRouterHint",
  out: "viewOutHint",
  local: "viewLocalHint",
  in: "viewInHint",
} as const satisfies Record<string, Word>;
type ViewName = keyof typeof views;

/** A prefix shows so many next hops; the rest is a number. */
const shownHops = 10;
/** Typing is waited out for this long before speakers are asked. */
const typingMilliseconds = 300;

/** Routers with their sessions, and the tables of routes, asked from the speakers when they are looked at. */
export function Routes() {
  const { t } = useView();
  return (
    <>
      <h2>{t("routes")}</h2>
      <RouteTables />
      <h2>{t("sessions")}</h2>
      <Sessions />
    </>
  );
}

type Session = SessionCell & { readonly router: RouterRow };

function Sessions() {
  const { model, query, t, tell } = useView();
  const sessions = model.routers
    .flatMap((router): Session[] =>
      router.sessions.length === 0
        ? [{ router, node: "", state: "", since: "", error: router.problem }]
        : router.sessions.map((session) => ({ router, ...session })),
    )
    .filter(({ router, node, state, error }) => matches(query, router.key, router.neighbor, node, state, error));
  return (
    <Table
      label={t("sessions")}
      head={[t("router"), t("neighbor"), "AS", t("node"), t("state"), t("since"), t("prefixesOut"), t("prefixesIn"), t("remark")]}
      rows={[...sessions.filter((one) => !isUp(one)), ...sessions.filter(isUp)].map((one) => ({
        key: `${one.router.key} ${one.node}`,
        cells: [
          one.router.key,
          one.router.neighbor,
          one.router.as,
          one.node || "—",
          <span key="state" class="verdict">
            <span class={`dot ${tone(one.state)}`} aria-hidden="true" /> {one.state || "—"}
          </span>,
          <time key="since" dateTime={one.since}>
            {instant(one.since)}
          </time>,
          one.sent ?? "—",
          `${one.received ?? "—"}${one.passedOver ? ` (${one.passedOver} ${t("notKept")})` : ""}`,
          remarkOn(one, t, tell),
        ],
      }))}
    />
  );
}

/** Why a session is down; of one that is up how often it was not, and why the last time. */
function remarkOn(session: Session, t: Translate, tell: (text: string) => string): string {
  if (!isUp(session)) return tell(session.error);
  if (!session.flaps) return "";
  return `${t("wentDown")} ${session.flaps} ${t("times")}${session.error === "" ? "" : `: ${session.error}`}`;
}

/** One of the four tables, filtered by node, router and what was searched for, page by page. */
function RouteTables() {
  const { model, token, query, t } = useView();
  const [view, setView] = useState<ViewName>("router");
  const [node, setNode] = useState("");
  const [peer, setPeer] = useState("");
  const [after, setAfter] = useState("");
  const [search, setSearch] = useState(query);
  const [round, setRound] = useState(0);
  const [answer, setAnswer] = useState<{ readonly question: RouteQuestion; readonly value: RouteAnswer | string }>();
  useEffect(() => {
    const timer = setTimeout(() => setSearch(query), typingMilliseconds);
    return () => clearTimeout(timer);
  }, [query]);
  useEffect(() => setAfter(""), [view, node, peer, search]);
  useEffect(() => {
    const question: RouteQuestion = { view, node, peer, search, after };
    const abort = new AbortController();
    askRoutes(token, question, abort.signal).then(
      (value) => setAnswer({ question, value }),
      (error: unknown) => {
        if (!abort.signal.aborted) setAnswer({ question, value: error instanceof Error ? error.message : String(error) });
      },
    );
    return () => abort.abort();
    // A round asks again although the question is the same.
  }, [token, view, node, peer, search, after, round]);
  const value = answer?.question.view === view ? answer.value : undefined;
  return (
    <section aria-label={t("routes")}>
      <fieldset class="choices">
        <legend class="visually-hidden">{t("view")}</legend>
        {(Object.keys(views) as ViewName[]).map((name) => (
          <label key={name}>
            <input type="radio" name="view" checked={view === name} onChange={() => setView(name)} /> {t(views[name])}
          </label>
        ))}
        <Choice
          label={t("node")}
          all={t("anyNode")}
          value={node}
          options={model.nodes.map(({ key }) => key)}
          onChange={setNode}
        />
        <Choice
          label={t("router")}
          all={t("anyRouter")}
          value={peer}
          options={model.routers.map(({ key }) => key)}
          onChange={setPeer}
        />
        <button type="button" onClick={() => setRound(round + 1)}>
          {t("refresh")}
        </button>
      </fieldset>
      <p class="detail">{t(hints[view])}</p>
      {typeof value === "string" ? (
        <p class="bad" role="alert">
          {value}
        </p>
      ) : value === undefined ? (
        <p role="status">{t("asking")}</p>
      ) : (
        <>
          <Answer view={view} answer={value} />
          {after === "" ? null : (
            <button type="button" onClick={() => setAfter("")}>
              {t("firstPage")}
            </button>
          )}{" "}
          {value.hasMore ? (
            <button type="button" onClick={() => setAfter((value.routers.at(-1) ?? value.rows.at(-1))?.prefix ?? "")}>
              {t("nextPage")}
            </button>
          ) : null}
        </>
      )}
    </section>
  );
}

function Choice(props: {
  readonly label: string;
  readonly all: string;
  readonly value: string;
  readonly options: readonly string[];
  readonly onChange: (value: string) => void;
}) {
  return (
    <label>
      {props.label}{" "}
      <select value={props.value} onChange={(event) => props.onChange(event.currentTarget.value)}>
        <option value="">{props.all}</option>
        {props.options.map((option) => (
          <option key={option} value={option}>
            {option}
          </option>
        ))}
      </select>
    </label>
  );
}

function Answer({ view, answer }: { readonly view: ViewName; readonly answer: RouteAnswer }) {
  const { model, t } = useView();
  const neighbors = new Map(model.routers.map(({ key, neighbor }) => [key, neighbor]));
  const router = (peer: string): string => (neighbors.has(peer) ? `${peer} (${neighbors.get(peer)})` : peer || "—");
  const isEmpty = answer.rows.length + answer.routers.length === 0;
  return (
    <>
      <p role="status" class="detail">
        {answer.matching} {t("matching")}, {answer.total} {t("ofAll")}
      </p>
      {answer.problems.length === 0 ? null : (
        <p class="bad" role="alert">
          {t("notAnswered")}: {answer.problems.map(({ node, message }) => `${node} (${message})`).join(", ")}
        </p>
      )}
      {isEmpty ? <p>{t("noRoutes")}</p> : null}
      {answer.routers.length === 0 ? null : (
        <Table
          label={t("viewRouter")}
          head={[t("prefix"), t("router"), t("nextHops")]}
          rows={answer.routers.map(({ peer, prefix, nextHops }) => ({
            key: `${prefix} ${peer}`,
            cells: [
              <code key="prefix">{prefix}</code>,
              router(peer),
              <span key="hops" class="hops">
                {nextHops.slice(0, shownHops).map(({ nextHop, nodes }) => (
                  <span key={nextHop} title={`${t("fromNodes")} ${nodes.join(", ")}`}>
                    <code>{nextHop}</code> <small>{nodes.length > 3 ? count(t, "node", nodes.length) : nodes.join(", ")}</small>
                  </span>
                ))}
                {nextHops.length > shownHops ? (
                  <span title={nextHops.map(({ nextHop }) => nextHop).join(", ")}>
                    {t("andMore")} {nextHops.length - shownHops}
                  </span>
                ) : null}
              </span>,
            ],
          }))}
        />
      )}
      {answer.rows.length === 0 ? null : (
        <Table
          label={t(views[view])}
          head={[t("prefix"), t("nextHop"), ...(view === "local" ? [] : [t("router")]), t("node"), t("attributes")]}
          rows={answer.rows.map((row) => ({
            key: `${row.node} ${row.peer} ${row.prefix} ${row.pathId ?? ""}`,
            cells: [
              <code key="prefix">{row.prefix}</code>,
              <code key="hop">{row.nextHop}</code>,
              ...(view === "local" ? [] : [router(row.peer)]),
              row.node,
              <span key="attributes" class="attributes">
                {row.isStale ? (
                  <span>
                    <Dot tone="warn" word="" /> {t("stale")}
                  </span>
                ) : null}
                {row.pathId ? (
                  <span>
                    <small>path ID</small> {row.pathId}
                  </span>
                ) : null}
                {row.attributes.map(({ name, value }) => (
                  <span key={name}>
                    <small>{name}</small> {value}
                  </span>
                ))}
              </span>,
            ],
          }))}
        />
      )}
    </>
  );
}
