import type { AssignedAddress, ClusterView, NodeView, Refusal } from "../announce/view.ts";
import { type Address, formatAddress, parseAddress } from "../net/address.ts";
import { type Prefix, parsePrefix, prefixContains, prefixOf } from "../net/prefix.ts";
import type { Link, Target } from "./model.ts";
import { nodeOrder } from "./order.ts";

/** An interface of this node with the networks that it is in. */
export interface LinkView extends Link {
  readonly networks: readonly Prefix[];
}

/** What is wanted of Layer2 for one address, or why this node has no part in it. */
export type Decision =
  | { readonly address: Address; readonly target: Target; readonly warning: string | undefined }
  | { readonly address: Address; readonly refusal: Refusal };

const no = (reason: string, message: string): Refusal => ({ reason, message });

/** Decides for every address of a Layer2 Eip whether this node may answer for it, where, and in which place of the order. Pure. */
export function desiredLayer2(view: ClusterView, links: readonly LinkView[], gateway: string | undefined): Decision[] {
  const self = view.nodes.find((node) => node.name === view.nodeName);
  return view.addresses
    .filter(({ eip }) => eip.spec.protocol === "layer2" || eip.spec.protocol === "vip")
    .map((assigned): Decision => {
      const { address, eip } = assigned;
      if (self === undefined) return { address, refusal: no("NodeUnknown", `node ${view.nodeName} is not in the cluster`) };
      const refusal = self.refusal ?? endpointRefusal(assigned, self.name);
      if (refusal !== undefined) return { address, refusal };
      const chosen = chooseLinks(assigned, links, self, gateway);
      if ("reason" in chosen) return { address, refusal: chosen };
      const elsewhere =
        chosen.isOnSegment || (eip.spec.interface ?? "") !== "" ? undefined : segmentOf(address, chosen.links, view.nodes);
      if (elsewhere !== undefined)
        return {
          address,
          refusal: no(
            "OtherSegment",
            `${formatAddress(address)} is on the segment of node ${elsewhere}, where node ${self.name} has no interface`,
          ),
        };
      const candidates = view.nodes.filter((node) => isCandidate(node, assigned, chosen.links, chosen.isOnSegment));
      const order = nodeOrder(
        candidates.map((node) => node.name),
        formatAddress(address),
      );
      const target = {
        address,
        interfaces: chosen.links.map((link) => link.name),
        rank: order.indexOf(self.name),
        candidates: order.length,
      };
      const warning = chosen.isOnSegment
        ? undefined
        : `${formatAddress(address)} is outside every network of the interface; the network must send it to this segment`;
      return { address, target, warning };
    });
}

function endpointRefusal({ localOnly, endpointsByNode }: AssignedAddress, node: string): Refusal | undefined {
  if (endpointsByNode.size === 0) return no("NoEndpoint", "the Service has no ready endpoint on any node");
  if (localOnly && !endpointsByNode.has(node))
    return no("NoLocalEndpoint", `node ${node} has no ready endpoint, and externalTrafficPolicy is Local`);
  return undefined;
}

/** The node that stands on the segment of an address, judged by its InternalIP and the length of our own networks; undefined when none does. */
function segmentOf(address: Address, links: readonly LinkView[], nodes: readonly NodeView[]): string | undefined {
  const networks = links
    .flatMap((link) => link.networks)
    .filter((network) => network.address.family === address.family && network.length > 0);
  const around = networks.map((network) => prefixOf(address, network.length));
  return nodes.find((node) => node.internalAddresses.some((own) => around.some((network) => prefixContains(network, own))))?.name;
}

/** Other nodes are judged by their InternalIP: one in a network of our interface stands on the same segment. */
function isCandidate(node: NodeView, assigned: AssignedAddress, links: readonly LinkView[], isOnSegment: boolean): boolean {
  if (node.refusal !== undefined || endpointRefusal(assigned, node.name) !== undefined) return false;
  if (!isOnSegment) return true;
  const networks = links.flatMap((link) => link.networks);
  return node.internalAddresses.some((address) => networks.some((network) => prefixContains(network, address)));
}

function chooseLinks(
  { address, eip }: AssignedAddress,
  links: readonly LinkView[],
  self: NodeView,
  gateway: string | undefined,
): { readonly links: readonly LinkView[]; readonly isOnSegment: boolean } | Refusal {
  const isIn = (link: LinkView, wanted: Address): boolean => link.networks.some((network) => prefixContains(network, wanted));
  const named = (eip.spec.interface ?? "")
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
  const usable = links.filter((link) => link.name !== "lo");
  if (named.length > 0) {
    const found = usable.filter((link) => named.some((selector) => matches(link, selector, isIn)));
    if (found.length === 0)
      return no(
        "NoInterface",
        `node ${self.name} has no interface that fits spec.interface "${eip.spec.interface}"; it has ${usable.map((link) => link.name).join(", ") || "none"}`,
      );
    return { links: found, isOnSegment: found.some((link) => isIn(link, address)) };
  }
  const near = usable.filter((link) => isIn(link, address));
  if (near.length > 0) return { links: near, isOnSegment: true };
  const isElsewhere = self.internalAddresses.length === 0 || usable.length === 0;
  const main = usable.filter((link) =>
    self.internalAddresses.some((own) =>
      link.addresses.some((candidate) => candidate.family === own.family && candidate.value === own.value),
    ),
  );
  const fallback = main.length > 0 ? main : usable.filter((link) => link.name === gateway);
  return isElsewhere || fallback.length === 0
    ? no("NoInterface", `node ${self.name} has no interface for ${formatAddress(address)}`)
    : { links: fallback.slice(0, 1), isOnSegment: false };
}

/** Whether an interface fits one part of spec.interface: a name, a glob, can_reach:<address> or cidr:<prefix>. */
function matches(link: LinkView, selector: string, isIn: (link: LinkView, wanted: Address) => boolean): boolean {
  const [kind, value = ""] = [selector.slice(0, selector.indexOf(":")), selector.slice(selector.indexOf(":") + 1)];
  if (kind === "can_reach") {
    const wanted = parseAddress(value);
    return wanted !== undefined && isIn(link, wanted);
  }
  if (kind === "cidr") {
    const prefix = parsePrefix(value);
    return prefix !== undefined && link.addresses.some((address) => prefixContains(prefix, address));
  }
  const pattern = selector
    .replaceAll(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${pattern}$`).test(link.name);
}
