import { useState } from "preact/hooks";
import type { PoolRow } from "../src/console/model.ts";
import { type CellState, cellRows, cellsOf, type PoolCell } from "./poolCells.ts";
import { Table } from "./table.tsx";
import { instant, matches, useView } from "./view.ts";
import type { Word } from "./words.ts";

const size = 14;
const gap = 2;
const shownHistory = 20;
const states = { used: "usedAddress", resting: "resting", reserved: "reserved", free: "free" } as const satisfies Record<
  CellState,
  Word
>;

/** Every pool: its use, by namespace with quotas, address by address, and what happened to it. */
export function Pools() {
  const { model, query, t } = useView();
  const shown = model.pools.filter(({ key, addresses, map }) =>
    matches(query, key, addresses, ...map.flatMap(({ address, users }) => [address, ...users])),
  );
  return (
    <>
      <p class="legend">
        {(Object.keys(states) as CellState[]).map((state) => (
          <span key={state}>
            <span class={`cell ${state}`} aria-hidden="true" /> {t(states[state])}
          </span>
        ))}
      </p>
      {shown.map((pool) => (
        <Pool key={pool.key} pool={pool} />
      ))}
    </>
  );
}

function Pool({ pool }: { readonly pool: PoolRow }) {
  const { t, tell } = useView();
  const inUse =
    pool.inUse === "yes" || pool.inUse.startsWith("yes; ") ? `${t("yes")}${tell(pool.inUse.slice(3))}` : tell(pool.inUse);
  return (
    <section class="pool" aria-label={pool.key}>
      <h2>
        {pool.key}{" "}
        <small>
          {pool.addresses} · {pool.protocol}
        </small>
      </h2>
      <p>
        {t("used")}: <strong>{t("usedOf", pool.used, pool.size)}</strong>
        {pool.resting.length === 0 ? "" : ` · ${pool.resting.length} ${t("resting")}`}
        {" · "}
        {t("inUse")}: <span class={pool.isWell ? "" : "bad"}>{inUse}</span>
      </p>
      <PoolMap pool={pool} />
      <Namespaces pool={pool} />
      <details>
        <summary>
          {t("address")}: {pool.map.length} {t("usedAddress")}, {pool.resting.length} {t("resting")}
        </summary>
        <Table
          label={`${pool.key}: ${t("inUse")}`}
          head={[t("address"), t("state"), t("service")]}
          rows={[
            ...pool.map.map(({ address, users }) => ({ key: address, cells: [address, t("usedAddress"), users.join(", ")] })),
            ...pool.resting.map(({ address, until }) => ({
              key: `${address} resting`,
              cells: [address, t("resting"), `${t("restingHint")} ${instant(until)}`],
            })),
          ]}
        />
      </details>
      <History pool={pool} />
    </section>
  );
}

/** How much each namespace uses, and of what it may. */
function Namespaces({ pool }: { readonly pool: PoolRow }) {
  const { t } = useView();
  const namespaces = Object.entries(pool.byNamespace).sort(([, a], [, b]) => b - a);
  if (namespaces.length === 0) return null;
  const limit = Number(pool.limit);
  return (
    <Table
      label={`${pool.key}: ${t("namespace")}`}
      head={[t("namespace"), t("used"), t("limit")]}
      rows={namespaces.map(([namespace, count]) => ({
        key: namespace,
        cells: [
          namespace,
          count,
          limit > 0 ? (
            <span key="limit" class={count >= limit ? "bad" : ""}>
              {/* biome-ignore lint/a11y/useSemanticElements: Chromium draws its own colours into a meter, too faint in the dark */}
              <span class="bar" role="meter" aria-valuemin={0} aria-valuemax={limit} aria-valuenow={count} aria-label={namespace}>
                <span style={{ width: `${Math.min(100, (100 * count) / limit)}%` }} />
              </span>{" "}
              {t("usedOf", count, limit)}
            </span>
          ) : (
            "—"
          ),
        ],
      }))}
    />
  );
}

/** What happened to the addresses of a pool, the newest first. */
function History({ pool }: { readonly pool: PoolRow }) {
  const { model, t, tell } = useView();
  const entries = model.timeline.filter(({ eip }) => eip === pool.key).slice(0, shownHistory);
  return (
    <details>
      <summary>
        {t("history")} ({entries.length})
      </summary>
      {entries.length === 0 ? (
        <p class="detail">{t("noHistory")}</p>
      ) : (
        <Table
          label={`${pool.key}: ${t("history")}`}
          head={[t("time"), t("service"), t("message")]}
          rows={entries.map(({ key, at, subject, message }) => ({ key, cells: [instant(at), subject, tell(message)] }))}
        />
      )}
    </details>
  );
}

/** The pool as a field of squares, thirty-two in a row. One path for each state: a thousand squares cost what four do. */
function PoolMap({ pool }: { readonly pool: PoolRow }) {
  const { t } = useView();
  const [at, setAt] = useState(-1);
  const { cells, isWhole } = cellsOf(pool);
  const rows = cellRows(cells.length);
  const say = ({ address, state, users, until, skipped }: PoolCell): string =>
    skipped === undefined
      ? `${address}: ${[t(states[state]), users.join(", "), until === "" ? "" : `${t("until")} ${instant(until)}`].filter(Boolean).join(" · ")}`
      : `${skipped} ${t("free")}`;
  const chosen = cells[at];
  const steps: Readonly<Record<string, number>> = {
    ArrowRight: 1,
    ArrowLeft: -1,
    ArrowDown: rows.perRow,
    ArrowUp: -rows.perRow,
    Home: -1e6,
    End: 1e6,
  };
  const summary = `${t("poolMap")} ${pool.key}: ${t("usedOf", pool.used, pool.size)} ${t("usedAddress")}, ${pool.resting.length} ${t("resting")}`;
  return (
    <figure class="map">
      {isWhole ? null : <figcaption class="detail">{t("onlyUsed")}</figcaption>}
      {cells.length === 0 ? null : (
        <div
          role="slider"
          tabIndex={0}
          aria-label={summary}
          aria-valuemin={0}
          aria-valuemax={cells.length - 1}
          aria-valuenow={Math.max(0, at)}
          aria-valuetext={chosen === undefined ? t("pointAt") : say(chosen)}
          onKeyDown={(event) => {
            const step = steps[event.key];
            if (step === undefined) return;
            event.preventDefault();
            setAt(Math.max(0, Math.min(cells.length - 1, (at < 0 ? 0 : at) + (at < 0 ? 0 : step))));
          }}
        >
          <svg
            width={rows.perRow * (size + gap)}
            height={rows.count * (size + gap)}
            viewBox={`0 0 ${rows.perRow * (size + gap)} ${rows.count * (size + gap)}`}
            aria-hidden="true"
            onPointerMove={(event) => {
              const box = event.currentTarget.getBoundingClientRect();
              const scale = (rows.perRow * (size + gap)) / box.width;
              const column = Math.floor(((event.clientX - box.left) * scale) / (size + gap));
              const row = Math.floor(((event.clientY - box.top) * scale) / (size + gap));
              const index = row * rows.perRow + column;
              setAt(column < rows.perRow && index < cells.length ? index : -1);
            }}
          >
            {(Object.keys(states) as CellState[]).map((state) => (
              <path key={state} class={`squares-${state}`} d={squares(cells, state, rows.perRow)} />
            ))}
            {chosen === undefined ? null : <path class="squares-chosen" d={square(at, rows.perRow)} />}
          </svg>
        </div>
      )}
      <p class="detail pointed">{chosen === undefined ? t("pointAt") : say(chosen)}</p>
    </figure>
  );
}

function squares(cells: readonly PoolCell[], state: CellState, perRow: number): string {
  return cells
    .map((cell, index) =>
      cell.state === state ? (cell.skipped === undefined ? square(index, perRow) : dots(index, perRow)) : "",
    )
    .join("");
}

const left = (index: number, perRow: number): number => (index % perRow) * (size + gap) + 1;
const above = (index: number, perRow: number): number => Math.floor(index / perRow) * (size + gap) + 1;

function square(index: number, perRow: number): string {
  return `M${left(index, perRow)} ${above(index, perRow)}h${size - 1}v${size - 1}h${1 - size}z`;
}

/** Stands for addresses that are not drawn. */
function dots(index: number, perRow: number): string {
  const [x, y] = [left(index, perRow), above(index, perRow) + 6];
  return [1, 5, 9].map((offset) => `M${x + offset} ${y}h2v2h-2z`).join("");
}
