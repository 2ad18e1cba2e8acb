import { useEffect, useState } from "preact/hooks";
import type { AddressCell, RouterRow, ServiceRow } from "../src/console/model.ts";
import type { Explanation } from "../src/explain/question.ts";
import { formatAddress, parseAddress } from "../src/net/address.ts";
import { explain } from "./connection.ts";
import { checkName } from "./sentences.ts";
import { count, instant, isUp, tone, useView } from "./view.ts";

/** One box of the drawing. */
interface Box {
  readonly id: string;
  readonly title: string;
  readonly detail: string;
  readonly isLit: boolean;
}
/** A line from a box of one column to a box of the next. */
interface Line {
  readonly from: string;
  readonly to: string;
  readonly isLit: boolean;
}
interface Drawing {
  readonly columns: readonly { readonly title: string; readonly boxes: readonly Box[]; readonly hidden: number }[];
  readonly lines: readonly Line[];
}

const boxWidth = 184;
const boxHeight = 46;
const gapX = 44;
const gapY = 12;
const top = 26;
/** A column shows so many boxes; the rest is a number. */
const shownBoxes = 12;

/** The way of one address: client, then routers or the segment, then the nodes, then the pods. Lit is what carries traffic now. */
export function Path({ service, address }: { readonly service: ServiceRow; readonly address: AddressCell }) {
  const { model, t, tell } = useView();
  const drawing = draw(service, address, model.routers, t, tell);
  const positions = new Map<string, { readonly x: number; readonly y: number }>();
  for (const [x, column] of drawing.columns.entries())
    for (const [y, box] of column.boxes.entries())
      positions.set(box.id, { x: x * (boxWidth + gapX), y: top + y * (boxHeight + gapY) });
  const rows = Math.max(1, ...drawing.columns.map(({ boxes, hidden }) => boxes.length + (hidden > 0 ? 0.5 : 0)));
  const width = drawing.columns.length * (boxWidth + gapX) - gapX;
  const height = top + rows * (boxHeight + gapY);
  const label = drawing.columns
    .map(({ title, boxes, hidden }) => {
      const lit = boxes.filter(({ isLit }) => isLit).map((box) => box.title);
      return `${title}: ${[...lit, ...(hidden > 0 ? [`${t("andMore")} ${hidden}`] : [])].join(", ") || t("nobody")}`;
    })
    .join("; ");
  return (
    <figure class="path">
      <svg
        role="img"
        aria-label={`${t("path")} ${address.address}. ${label}`}
        viewBox={`-2 0 ${width + 4} ${height}`}
        width={width}
        height={height}
      >
        {drawing.lines.map(({ from, to, isLit }) => {
          const [a, b] = [positions.get(from), positions.get(to)];
          if (a === undefined || b === undefined) return null;
          const [x1, y1, x2, y2] = [a.x + boxWidth, a.y + boxHeight / 2, b.x, b.y + boxHeight / 2];
          const middle = (x1 + x2) / 2;
          return (
            <path
              key={`${from} ${to}`}
              class={isLit ? "line lit" : "line"}
              d={`M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}`}
            />
          );
        })}
        {drawing.columns.map((column, x) => (
          <g key={column.title}>
            <text class="column" x={x * (boxWidth + gapX)} y={14}>
              {column.title}
            </text>
            {column.hidden === 0 ? null : (
              <text class="column" x={x * (boxWidth + gapX) + 10} y={top + column.boxes.length * (boxHeight + gapY) + 14}>
                {t("andMore")} {column.hidden}
              </text>
            )}
            {column.boxes.map((box) => {
              const at = positions.get(box.id) ?? { x: 0, y: 0 };
              return (
                <g key={box.id} class={box.isLit ? "box lit" : "box"} transform={`translate(${at.x} ${at.y})`}>
                  <title>{`${box.title} · ${box.detail}`}</title>
                  <rect width={boxWidth} height={boxHeight} rx={6} />
                  <text x={10} y={19}>
                    {short(box.title)}
                  </text>
                  <text class="detail" x={10} y={36}>
                    {short(box.detail)}
                  </text>
                </g>
              );
            })}
          </g>
        ))}
      </svg>
    </figure>
  );
}

/** 4 or 6; undefined for what is no address, such as the name of a host. */
function familyOf(text: string): 4 | 6 | undefined {
  return parseAddress(text)?.family;
}

function short(text: string): string {
  return text.length > 27 ? `${text.slice(0, 26)}…` : text;
}

/** Whether a node tells a router of the address: its session is up, and the router is among those that the node named. */
function tells({ node, via }: AddressCell["announcers"][number], router: RouterRow): boolean {
  const session = router.sessions.find((one) => one.node === node);
  if (session === undefined || !isUp(session)) return false;
  const address = parseAddress(router.neighbor);
  // A router on a link has no address of its own in the BgpPeer.
  return address === undefined || via.split(", ").includes(formatAddress(address));
}

function draw(
  service: ServiceRow,
  address: AddressCell,
  routers: readonly RouterRow[],
  t: ReturnType<typeof useView>["t"],
  tell: ReturnType<typeof useView>["tell"],
): Drawing {
  const announcing = new Set(address.announcers.map(({ node }) => node));
  const isBgp = address.protocol === "bgp";
  // A pod of a dual-stack Service has an endpoint in each family; only those of the address's own family are behind it.
  const family = familyOf(address.address);
  const endpoints = service.endpoints.filter((endpoint) => familyOf(endpoint.address) === family);
  const serving = endpoints.filter(({ isServing }) => isServing);
  const reachable = (node: string): boolean => !service.isLocal || serving.some((endpoint) => endpoint.node === node);
  const isTold = (router: RouterRow, node: string): boolean =>
    address.announcers.some((one) => one.node === node && tells(one, router));
  const entries: Box[] = isBgp
    ? routers.map((router) => {
        const hops = address.announcers.filter((one) => tells(one, router)).length;
        return {
          id: `router ${router.key}`,
          title: router.neighbor || router.key,
          detail: `AS ${router.as} · ${count(t, "nextHop", hops)}`,
          isLit: hops > 0,
        };
      })
    : [...new Set(address.announcers.map(({ via }) => via))].map((via) => ({
        id: `router ${via}`,
        title: t("segment"),
        detail: via,
        isLit: true,
      }));
  const nodes = [...new Set([...announcing, ...address.refusals.map(({ node }) => node)])].sort();
  const nodeBoxes: Box[] = nodes.map((node) => {
    const announcer = address.announcers.find((one) => one.node === node);
    const refusal = address.refusals.find((one) => one.node === node);
    return {
      id: `node ${node}`,
      title: node,
      detail: announcer === undefined ? tell(refusal?.why ?? "") : announcer.via,
      isLit: announcer !== undefined,
    };
  });
  const pods: Box[] = endpoints.map((endpoint) => ({
    id: `pod ${endpoint.node} ${endpoint.pod} ${endpoint.address}`,
    title: endpoint.pod || endpoint.address,
    detail: `${endpoint.node || "—"} · ${endpoint.isServing ? t("ready") : t("notReady")}`,
    isLit: endpoint.isServing && announcing.size > 0,
  }));
  const client: Box = {
    id: "client",
    title: t("client"),
    detail: `→ ${address.address}`,
    isLit: announcing.size > 0 && serving.length > 0,
  };
  const lines: Line[] = [
    ...entries.map((entry) => ({ from: "client", to: entry.id, isLit: entry.isLit })),
    ...(isBgp
      ? routers.flatMap((router) =>
          nodeBoxes
            .filter((box) => router.sessions.some(({ node }) => node === box.title))
            .map((box) => ({ from: `router ${router.key}`, to: box.id, isLit: isTold(router, box.title) })),
        )
      : entries.flatMap((entry) =>
          nodeBoxes.map((box) => ({ from: entry.id, to: box.id, isLit: box.isLit && box.detail === entry.detail })),
        )),
    ...nodeBoxes.flatMap((box) =>
      pods
        .filter((pod) => !service.isLocal || pod.id.startsWith(`pod ${box.title} `))
        .map((pod) => ({ from: box.id, to: pod.id, isLit: box.isLit && pod.isLit && reachable(box.title) })),
    ),
  ];
  const column = (title: string, boxes: readonly Box[]) => ({
    title,
    boxes: [...boxes].sort((a, b) => Number(b.isLit) - Number(a.isLit)).slice(0, shownBoxes),
    hidden: Math.max(0, boxes.length - shownBoxes),
  });
  return {
    columns: [
      column(t("client"), [client]),
      column(isBgp ? t("router") : t("segment"), entries),
      column(t("node"), nodeBoxes),
      column(t("pod"), pods),
    ],
    lines,
  };
}

/** Why a Service is as it is: the same checks as `berth explain service`. Asked again whenever the Service changes. */
export function Why({ service }: { readonly service: ServiceRow }) {
  const { token, language, t, tell } = useView();
  const [answer, setAnswer] = useState<Explanation | string | undefined>(undefined);
  useEffect(() => {
    const abort = new AbortController();
    explain(token, service.key, abort.signal).then(setAnswer, (error: unknown) => {
      if (!abort.signal.aborted) setAnswer(error instanceof Error ? error.message : String(error));
    });
    return () => abort.abort();
  }, [token, service]);
  if (answer === undefined) return null;
  if (typeof answer === "string") return <p class="bad">{answer}</p>;
  return (
    <section aria-label={t("why")}>
      <h3>{t("why")}</h3>
      {answer.cause === undefined ? null : (
        <p class="cause" role="status">
          {tell(answer.cause.message)} <small>({answer.cause.reason})</small>
          {answer.cause.remedy === undefined ? null : (
            <>
              <br />
              <strong>{t("whatToDo")}</strong>: {tell(answer.cause.remedy)}
            </>
          )}
        </p>
      )}
      <table>
        <thead>
          <tr>
            <th scope="col">{t("state")}</th>
            <th scope="col">{t("check")}</th>
            <th scope="col">{t("answer")}</th>
          </tr>
        </thead>
        <tbody>
          {answer.checks.map((check) => (
            <tr key={check.name}>
              <td class="verdict">
                <span class={`dot ${tone(check.verdict)}`} aria-hidden="true" /> {t(check.verdict)}
              </td>
              <td>{checkName(language, check.name)}</td>
              <td>{tell(check.message)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {answer.withoutNode.map(({ node, message }) => (
        <p key={node} class="detail">
          {t("ifLeft")} ({node}): {tell(message)}
        </p>
      ))}
    </section>
  );
}

/** Who announces an address, since when and why; a long list is folded. */
function Announcers({ address: { announcers } }: { readonly address: AddressCell }) {
  const { t, tell } = useView();
  if (announcers.length === 0) return <p class="bad">{t("silent")}</p>;
  const list = (
    <ul class="announcers">
      {announcers.map(({ node, via, since, why }) => (
        <li key={node}>
          <strong>{node}</strong> · {via} · {t("since")} {instant(since)} · {tell(why)}
        </li>
      ))}
    </ul>
  );
  if (announcers.length <= shownBoxes) return list;
  return (
    <details>
      <summary>{count(t, "node", announcers.length)}</summary>
      {list}
    </details>
  );
}

/** One Service in full: each address with its way, who announces it, and why. */
export function ServiceDetail({ service }: { readonly service: ServiceRow }) {
  const { t } = useView();
  return (
    <article aria-label={service.key}>
      <h2>
        {service.key} <small class={tone(service.state)}>{service.state === "ok" ? t("works") : t(service.state)}</small>
      </h2>
      <p class="detail">
        {service.ports}
        {service.isLocal ? ` · ${t("local")}` : ""}
      </p>
      {service.addresses.map((address) => (
        <section key={address.address} aria-label={address.address}>
          <h3>
            {address.address} <small>{[address.protocol, address.eip].filter(Boolean).join(" · ")}</small>
          </h3>
          <Path service={service} address={address} />
          <Announcers address={address} />
        </section>
      ))}
      <Why service={service} />
    </article>
  );
}
