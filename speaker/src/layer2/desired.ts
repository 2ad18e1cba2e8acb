import { selects } from "../announce/selector.ts";
import type { AssignedAddress, ClusterView, NodeView, Refusal } from "../announce/view.ts";
import { type Address, formatAddress } from "../net/address.ts";
import { prefixContains } from "../net/prefix.ts";
import { isOn, type LinkView, reachOf, selectLinks, selectorProblem, selectorsOf, sharesSegment } from "./links.ts";
import type { Target } from "./model.ts";
import { type Candidate, Orders } from "./order.ts";
import { type PublishedLinks, publishedLinks } from "./published.ts";

/** What is wanted of Layer2 for one address: on which interfaces this node answers or stands by, or why it has no part in it. */
export interface Decision {
  readonly address: Address;
  /** With a refusal they all say `standsBack`: this node may go on until another has taken over. */
  readonly targets: readonly Target[];
  readonly refusal: Refusal | undefined;
  readonly warning: string | undefined;
  /** Why this node stands where it does in the order, besides the hash: "weight 50"; "" for nothing. */
  readonly preference: string;
}

/** What this node's kernel has. */
export interface OwnLinks {
  readonly links: readonly LinkView[];
  readonly egress: ReadonlyMap<string, string>;
}

const no = (reason: string, message: string): Refusal => ({ reason, message });

/** Reasons for which a node only steps behind the others: when all nodes have one, serving is better than silence. */
const softReasons: ReadonlySet<string> = new Set(["NodeNotReady", "NodeNetworkUnavailable"]);

/** The destinations of can_reach in all Layer2 Eips. */
export function destinations(view: ClusterView): Address[] {
  const found = new Map<string, Address>();
  for (const { eip } of view.addresses.filter(isLayer2))
    for (const selector of selectorsOf(eip.spec.interface)) {
      const to = reachOf(selector);
      if (to !== undefined) found.set(formatAddress(to), to);
    }
  return [...found.values()];
}

const isLayer2 = ({ eip }: AssignedAddress): boolean => eip.spec.protocol === "layer2" || eip.spec.protocol === "vip";

/** One address on one interface of this node, before its place in the order is known. */
interface Place {
  readonly assigned: AssignedAddress;
  readonly link: LinkView;
  readonly candidates: readonly Candidate[];
}

/** Decides for every address of a Layer2 Eip whether this node may answer for it, where, and in which place of the order. Pure. */
export function desiredLayer2(view: ClusterView, own: OwnLinks, orders = new Orders()): Decision[] {
  const self = view.nodes.find((node) => node.name === view.nodeName);
  const published = new Map(view.nodes.map((node) => [node.name, publishedLinks(node)]));
  const undecided = view.addresses.filter(isLayer2).map((assigned) => decideOne(assigned, view, self, own, published));
  const ranks = rankAll(
    undecided.flatMap(({ places }) => places),
    orders,
  );
  return undecided.map(({ assigned, places, refusal, warning }): Decision => {
    const mine = refusal ?? (places.length === 0 ? no("NoInterface", "no interface fits") : undefined);
    const targets = places.flatMap((place): Target[] => {
      const order = ranks.get(place) ?? [];
      const isAlone = place.candidates.every(({ name }) => name === view.nodeName);
      if (refusal !== undefined && isAlone) return [];
      const rank = order.indexOf(view.nodeName);
      return [
        {
          address: assigned.address,
          link: place.link.name,
          rank: rank < 0 ? order.length : rank,
          candidates: order.length,
          policy: assigned.eip.spec.conflictPolicy ?? "defend",
          mayMove: new Set(place.candidates.map(({ score }) => score)).size === 1,
          standsBack: refusal !== undefined,
        },
      ];
    });
    const weight = self === undefined ? 0 : weightOf(self, assigned);
    return { address: assigned.address, targets, refusal: mine, warning, preference: weight > 0 ? `weight ${weight}` : "" };
  });
}

interface Undecided {
  readonly assigned: AssignedAddress;
  readonly places: readonly Place[];
  readonly refusal: Refusal | undefined;
  readonly warning: string | undefined;
}

function decideOne(
  assigned: AssignedAddress,
  view: ClusterView,
  self: NodeView | undefined,
  own: OwnLinks,
  published: ReadonlyMap<string, PublishedLinks | undefined>,
): Undecided {
  const { address, eip } = assigned;
  const refuse = (refusal: Refusal): Undecided => ({ assigned, places: [], refusal, warning: undefined });
  if (self === undefined) return refuse(no("NodeUnknown", `node ${view.nodeName} is not in the cluster`));
  const problem = selectorProblem(eip.spec.interface);
  if (problem !== undefined) return refuse(no("BadInterface", problem));
  if (assigned.endpointsByNode.size === 0) return refuse(no("NoEndpoint", "the Service has no ready endpoint on any node"));
  const chosen = chooseLinks(assigned, own, self, view.nodes, published);
  if ("reason" in chosen) return refuse(self.refusal ?? chosen);
  const eligible = eligibleNodes(view.nodes, assigned);
  const refusal = eligible.some(({ name }) => name === self.name) ? undefined : refusalOf(self, assigned);
  const places = chosen.links.map((link): Place => {
    const candidates = eligible.filter(
      (node) => node.name === self.name || standsThere(node, assigned, link, chosen.isOnSegment, published.get(node.name)),
    );
    return { assigned, link, candidates: candidates.map((node) => candidateOf(node, assigned)) };
  });
  const warning = chosen.isOnSegment
    ? undefined
    : `${formatAddress(address)} is outside every network of the interface; the network must send it to this segment`;
  return { assigned, places, refusal, warning };
}

/** Why a node may not announce an address, whatever its interfaces. */
function refusalOf(node: NodeView, { eip, localOnly, endpointsByNode }: AssignedAddress): Refusal | undefined {
  if (!selects(eip.spec.nodeSelector, node.labels))
    return no("NodeNotSelected", `node ${node.name} does not fit spec.nodeSelector of Eip ${eip.metadata.name}`);
  if (localOnly && !endpointsByNode.has(node.name))
    return no("NoLocalEndpoint", `node ${node.name} has no ready endpoint, and externalTrafficPolicy is Local`);
  return node.refusal ?? node.draining;
}

/** The nodes that may announce an address; when there is none, those that would only step behind others. */
function eligibleNodes(nodes: readonly NodeView[], assigned: AssignedAddress): readonly NodeView[] {
  const refusals = nodes.map((node) => ({ node, refusal: refusalOf(node, assigned) }));
  const free = refusals.filter(({ refusal }) => refusal === undefined);
  const chosen =
    free.length > 0
      ? free
      : refusals.filter(
          ({ node, refusal }) => refusal !== undefined && (softReasons.has(refusal.reason) || refusal === node.draining),
        );
  return chosen.map(({ node }) => node);
}

const weightOf = (node: NodeView, { eip }: AssignedAddress): number =>
  (eip.spec.preferredNodes ?? []).reduce((sum, entry) => sum + (selects(entry.nodeSelector, node.labels) ? entry.weight : 0), 0);

const candidateOf = (node: NodeView, assigned: AssignedAddress): Candidate => ({
  name: node.name,
  score: node.isCordoned === true ? -1 : weightOf(node, assigned),
});

/**
 * Whether another node has an interface for the address on the same segment as ours: by what it has published; before that by its
 * InternalIP, which lies in a network of our interface when it stands there.
 */
function standsThere(
  node: NodeView,
  assigned: AssignedAddress,
  link: LinkView,
  isOnSegment: boolean,
  published: PublishedLinks | undefined,
): boolean {
  if (published === undefined)
    return (
      !isOnSegment || node.internalAddresses.some((address) => link.networks.some((network) => prefixContains(network, address)))
    );
  const selectors = selectorsOf(assigned.eip.spec.interface);
  const theirs =
    selectors.length > 0
      ? selectLinks(published.links, selectors, (to) => published.egress.get(formatAddress(to)))
      : isOnSegment
        ? published.links.filter((other) => isOn(other, assigned.address))
        : published.links;
  return theirs.some((other) => sharesSegment(link, other));
}

function chooseLinks(
  { address, eip }: AssignedAddress,
  own: OwnLinks,
  self: NodeView,
  nodes: readonly NodeView[],
  published: ReadonlyMap<string, PublishedLinks | undefined>,
): { readonly links: readonly LinkView[]; readonly isOnSegment: boolean } | Refusal {
  const { links } = own;
  const selectors = selectorsOf(eip.spec.interface);
  if (selectors.length > 0) {
    const found = selectLinks(links, selectors, (to) => own.egress.get(formatAddress(to)));
    if (found.length === 0)
      return no(
        "NoInterface",
        `node ${self.name} has no interface that fits spec.interface "${eip.spec.interface}"; it has ${links.map((link) => link.name).join(", ") || "none"}`,
      );
    return { links: found, isOnSegment: found.some((link) => isOn(link, address)) };
  }
  const near = links.filter((link) => isOn(link, address));
  if (near.length > 0) return { links: near, isOnSegment: true };
  const elsewhere = nodes.find((node) => node.name !== self.name && isNear(node, published.get(node.name), address, links));
  if (elsewhere !== undefined)
    return no(
      "OtherSegment",
      `${formatAddress(address)} is on the segment of node ${elsewhere.name}, where node ${self.name} has no interface`,
    );
  const main = links.filter((link) =>
    self.internalAddresses.some((internal) =>
      link.addresses.some((candidate) => candidate.family === internal.family && candidate.value === internal.value),
    ),
  );
  return main.length === 0
    ? no("NoInterface", `node ${self.name} has no interface for ${formatAddress(address)}`)
    : { links: main.slice(0, 1), isOnSegment: false };
}

/** Whether a node stands on the segment of an address: by what it has published, or by its InternalIP and the length of our own networks. */
function isNear(node: NodeView, published: PublishedLinks | undefined, address: Address, links: readonly LinkView[]): boolean {
  if (published !== undefined) return published.links.some((link) => isOn(link, address));
  const lengths = new Set(
    links.flatMap(({ networks }) =>
      networks.filter((one) => one.address.family === address.family && one.length > 0).map((one) => one.length),
    ),
  );
  return [...lengths].some((length) => node.internalAddresses.some((own) => prefixContains({ address, length }, own)));
}

/** The orders of all places, bounded among those that the same nodes share. */
function rankAll(places: readonly Place[], orders: Orders): Map<Place, readonly string[]> {
  const found = new Map<Place, readonly string[]>();
  const groups = Map.groupBy(places, ({ candidates }) => JSON.stringify(candidates));
  for (const group of groups.values()) {
    const [first] = group;
    if (first === undefined) continue;
    const texts = new Map(group.map((place) => [place, formatAddress(place.assigned.address)]));
    const known = orders.of(first.candidates, [...new Set(texts.values())]);
    for (const place of group) found.set(place, known.get(texts.get(place) ?? "") ?? []);
  }
  return found;
}
