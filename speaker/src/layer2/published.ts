import type { NodeView } from "../announce/view.ts";
import { type Address, formatAddress, parseAddress } from "../net/address.ts";
import { type Mac, parseMac } from "../net/mac.ts";
import { formatPrefix, type Prefix, parsePrefix } from "../net/prefix.ts";
import type { LinkView } from "./links.ts";

/** The interfaces of a node, as it has published them: how others know on which segments it stands. */
export interface PublishedLinks {
  readonly links: readonly PublishedLink[];
  /** By which interface its kernel sends to the destinations of can_reach. */
  readonly egress: ReadonlyMap<string, string>;
}

export interface PublishedLink {
  readonly name: string;
  readonly alternativeNames: readonly string[];
  readonly mac: Mac;
  readonly addresses: readonly Address[];
  readonly networks: readonly Prefix[];
}

/** What a node tells the others, as plain JSON: stable, so that equal interfaces give equal JSON. */
export function publish(links: readonly LinkView[], egress: ReadonlyMap<string, string>): unknown {
  return {
    links: links.map(({ name, alternativeNames, mac, addresses, networks }) => ({
      name,
      ...(alternativeNames.length === 0 ? {} : { alternativeNames }),
      mac,
      addresses: addresses.map(formatAddress),
      networks: networks.map(formatPrefix),
    })),
    egress: Object.fromEntries([...egress].sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}

/** What another node has told; undefined while it has told nothing, or nothing that can be read. */
export function publishedLinks(node: NodeView): PublishedLinks | undefined {
  const value = node.published?.["layer2"];
  if (!isRecord(value) || !Array.isArray(value["links"])) return undefined;
  const links = value["links"].flatMap((link: unknown): PublishedLink[] => {
    const mac = isRecord(link) ? parseMac(String(link["mac"])) : undefined;
    if (!isRecord(link) || mac === undefined || typeof link["name"] !== "string") return [];
    return [
      {
        name: link["name"],
        alternativeNames: texts(link["alternativeNames"]),
        mac,
        addresses: texts(link["addresses"]).flatMap((text) => parseAddress(text) ?? []),
        networks: texts(link["networks"]).flatMap((text) => parsePrefix(text) ?? []),
      },
    ];
  });
  const egress = isRecord(value["egress"])
    ? Object.entries(value["egress"]).map(([to, name]) => [to, String(name)] as const)
    : [];
  return { links, egress: new Map(egress) };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
}
