import { useEffect, useRef, useState } from "preact/hooks";
import type { ServiceRow } from "../src/console/model.ts";
import { tone, useView } from "./view.ts";

const rowHeight = 52;
const overscan = 6;

/** The Services as a list box: only the rows in sight are in the document, so that a thousand cost what a dozen do. */
export function ServiceList(props: {
  readonly services: readonly ServiceRow[];
  readonly selected: string;
  readonly onSelect: (key: string) => void;
}) {
  const { services, selected, onSelect } = props;
  const { query, t } = useView();
  const box = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(600);
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => setHeight(element.clientHeight));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const first = Math.max(0, Math.floor(top / rowHeight) - overscan);
  const shown = services.slice(first, first + Math.ceil(height / rowHeight) + 2 * overscan);
  const index = services.findIndex(({ key }) => key === selected);
  // What is selected comes into sight: by a key, by a search that begins or ends. It does not jump back while somebody scrolls through a list.
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const position = index * rowHeight;
    const isInSight = position >= element.scrollTop && position <= element.scrollTop + element.clientHeight - rowHeight;
    if (index < 0) element.scrollTop = 0;
    else if (!isInSight) element.scrollTop = position - element.clientHeight / 2;
  }, [selected, services.length, query]);
  const move = (to: number): void => {
    const row = services[Math.max(0, Math.min(services.length - 1, to))];
    if (row !== undefined) onSelect(row.key);
  };
  const steps: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -1e6, End: 1e6 };
  return (
    <div
      class="list"
      ref={box}
      role="listbox"
      tabIndex={0}
      aria-label={t("services")}
      aria-activedescendant={index >= first && index < first + shown.length ? `service-${index}` : undefined}
      onScroll={(event) => setTop(event.currentTarget.scrollTop)}
      onKeyDown={(event) => {
        const step = steps[event.key];
        if (step === undefined) return;
        event.preventDefault();
        move((index < 0 ? -1 : index) + step);
      }}
    >
      <div role="presentation" style={{ height: `${services.length * rowHeight}px`, position: "relative" }}>
        {shown.map((row, offset) => (
          <div
            key={row.key}
            id={`service-${first + offset}`}
            role="option"
            tabIndex={-1}
            aria-selected={row.key === selected}
            aria-setsize={services.length}
            aria-posinset={first + offset + 1}
            class="row"
            style={{ top: `${(first + offset) * rowHeight}px`, height: `${rowHeight}px` }}
            onClick={() => onSelect(row.key)}
            onKeyDown={() => undefined}
          >
            <span class={`dot ${tone(row.state)}`} aria-hidden="true" />
            <span class="name">{row.key}</span>
            <span class="detail">
              {row.addresses.map(({ address }) => address).join(", ") || "—"} · {row.state === "ok" ? t("works") : t(row.state)}
            </span>
          </div>
        ))}
      </div>
    </div>
  );
}
