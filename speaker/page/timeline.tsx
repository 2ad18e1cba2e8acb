import { useState } from "preact/hooks";
import type { TimelineEntry } from "../src/console/model.ts";
import { Table } from "./table.tsx";
import { instant, matches, useView } from "./view.ts";
import type { Word } from "./words.ts";

const kinds = {
  address: "kindAddress",
  owner: "kindOwner",
  session: "kindSession",
  conflict: "kindConflict",
  node: "kindNode",
} as const satisfies Record<TimelineEntry["kind"], Word>;

/** What happened, the newest first. */
export function Timeline() {
  const { model, query, t, tell } = useView();
  const [kind, setKind] = useState<TimelineEntry["kind"] | "">("");
  if (model.timeline.length === 0) return <p>{t("nothingYet")}</p>;
  return (
    <>
      <fieldset class="choices">
        <legend class="visually-hidden">{t("kind")}</legend>
        {(["", ...Object.keys(kinds)] as (typeof kind)[]).map((one) => (
          <label key={one}>
            <input type="radio" name="kind" checked={kind === one} onChange={() => setKind(one)} />{" "}
            {one === "" ? t("all") : t(kinds[one])}
          </label>
        ))}
      </fieldset>
      <Table
        label={t("timeline")}
        head={[t("time"), t("kind"), t("subject"), t("message")]}
        rows={model.timeline
          .filter(
            (entry) =>
              (kind === "" || entry.kind === kind) &&
              matches(query, t(kinds[entry.kind]), entry.subject, entry.message, tell(entry.message)),
          )
          .map(({ key, at, kind: of, subject, message }) => ({
            key,
            cells: [
              <time key="at" dateTime={at}>
                {instant(at)}
              </time>,
              t(kinds[of]),
              tell(subject),
              tell(message),
            ],
          }))}
      />
    </>
  );
}
