import type { PoolRow } from "../src/console/model.ts";
import { instant, tone, useView } from "./view.ts";

/** A table grows no longer than this; a search shows the rest. */
const shownRows = 300;

function Table({
  head,
  rows,
}: {
  readonly head: readonly string[];
  readonly rows: readonly { readonly key: string; readonly cells: readonly preact.ComponentChildren[] }[];
}) {
  const { t } = useView();
  return (
    <>
      <div class="scroll">
        <table>
          <thead>
            <tr>
              {head.map((title) => (
                <th key={title} scope="col">
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, shownRows).map(({ key, cells }) => (
              <tr key={key}>
                {cells.map((cell, index) => (
                  <td key={head[index]}>{cell}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {rows.length > shownRows ? (
        <p class="detail">
          {shownRows} {t("of")} {rows.length} {t("results")}
        </p>
      ) : null}
    </>
  );
}

const matches = (query: string, ...texts: readonly string[]): boolean =>
  query
    .toLowerCase()
    .split(/\s+/)
    .every((part) => texts.join(" ").toLowerCase().includes(part));

/** Whether each part of Berth is well. */
export function Health() {
  const { model, t } = useView();
  return (
    <section aria-label={t("health")}>
      <ul class="health">
        {model.health.map(({ key, isWell, message }) => (
          <li key={key}>
            <span class={`dot ${isWell ? "good" : "bad"}`} aria-hidden="true" /> <strong>{key}</strong>{" "}
            <span class="visually-hidden">{isWell ? t("ok") : t("problem")}</span> {message}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Routers with their sessions, and every prefix with its next hops. */
export function Routes() {
  const { model, query, t } = useView();
  const sessions = model.routers.flatMap((router) =>
    router.sessions.length === 0
      ? [{ router, node: "", state: "", since: "", error: router.problem }]
      : router.sessions.map((session) => ({ router, ...session })),
  );
  const prefixes = model.services.flatMap((service) =>
    service.addresses
      .filter(({ protocol, announcers }) => protocol === "bgp" && announcers.length > 0)
      .map((address) => ({ service, address })),
  );
  return (
    <>
      <h2>{t("sessions")}</h2>
      <Table
        head={[t("router"), t("neighbor"), "AS", t("node"), t("state"), t("since"), t("remark")]}
        rows={sessions
          .filter(({ router, node, state }) => matches(query, router.key, router.neighbor, node, state))
          .map(({ router, node, state, since, error }) => ({
            key: `${router.key} ${node}`,
            cells: [
              router.key,
              router.neighbor,
              router.as,
              node || "—",
              <span key="state">
                <span class={`dot ${tone(state)}`} aria-hidden="true" /> {state || "—"}
              </span>,
              instant(since),
              state === "established" ? "" : error,
            ],
          }))}
      />
      <h2>{t("routes")}</h2>
      <Table
        head={[t("address"), t("service"), t("nextHops"), t("router")]}
        rows={prefixes
          .filter(({ service, address }) =>
            matches(query, service.key, address.address, ...address.announcers.map(({ node }) => node)),
          )
          .map(({ service, address }) => ({
            key: `${service.key} ${address.address}`,
            cells: [
              address.address,
              service.key,
              address.announcers.map(({ node }) => node).join(", "),
              [...new Set(address.announcers.map(({ via }) => via))].join(", "),
            ],
          }))}
      />
    </>
  );
}

function PoolMap({ pool }: { readonly pool: PoolRow }) {
  const { t } = useView();
  const users = new Map(pool.map.map(({ address, users: names }) => [address, names]));
  if (pool.cells.length === 0)
    return (
      <>
        <p class="detail">{t("tooLarge")}</p>
        <Table
          head={[t("address"), t("service")]}
          rows={pool.map.map(({ address, users: names }) => ({ key: address, cells: [address, names.join(", ")] }))}
        />
      </>
    );
  return (
    <ul class="map" aria-label={`${pool.key}: ${pool.used} ${t("of")} ${pool.size} ${t("used")}`}>
      {pool.cells.map((address) => {
        const names = users.get(address);
        const label = `${address}: ${names === undefined ? t("free") : names.join(", ")}`;
        return (
          <li key={address} class={names === undefined ? "cell" : "cell used"} title={label}>
            <span class="visually-hidden">{label}</span>
          </li>
        );
      })}
    </ul>
  );
}

/** Every pool: its use, by namespace, and address by address. */
export function Pools() {
  const { model, query, t } = useView();
  return (
    <>
      {model.pools
        .filter(({ key, addresses, map }) =>
          matches(query, key, addresses, ...map.flatMap(({ address, users }) => [address, ...users])),
        )
        .map((pool) => (
          <section key={pool.key} class="pool" aria-label={pool.key}>
            <h2>
              {pool.key}{" "}
              <small>
                {pool.addresses} · {pool.protocol}
              </small>
            </h2>
            <p>
              {t("used")}: {pool.used} {t("of")} {pool.size}
              {pool.limit === "" ? "" : ` · ${t("limit")}: ${pool.limit}`} · {t("inUse")}:{" "}
              <span class={pool.isWell ? "" : "bad"}>{pool.inUse}</span>
            </p>
            {Object.keys(pool.byNamespace).length === 0 ? null : (
              <p class="detail">
                {t("byNamespace")}:{" "}
                {Object.entries(pool.byNamespace)
                  .map(([namespace, count]) => `${namespace} ${count}${pool.limit === "" ? "" : `/${pool.limit}`}`)
                  .join(", ")}
              </p>
            )}
            <PoolMap pool={pool} />
          </section>
        ))}
    </>
  );
}

/** What happened since this controller started, the newest first. */
export function Timeline() {
  const { model, query, t } = useView();
  if (model.timeline.length === 0) return <p>{t("nothingYet")}</p>;
  return (
    <Table
      head={[t("time"), t("kind"), t("subject"), t("message")]}
      rows={model.timeline
        .filter(({ kind, subject, message }) => matches(query, kind, subject, message))
        .map(({ key, at, kind, subject, message }) => ({
          key,
          cells: [
            <time key="at" dateTime={at}>
              {instant(at)}
            </time>,
            kind,
            subject,
            message,
          ],
        }))}
    />
  );
}
