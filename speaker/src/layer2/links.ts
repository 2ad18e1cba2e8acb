import { interfaceProblems } from "@berth/api/eip";
import { type Address, isLinkLocal, parseAddress } from "../net/address.ts";
import type { Mac } from "../net/mac.ts";
import { type Prefix, parsePrefix, prefixContains } from "../net/prefix.ts";
import type { KernelAddress, KernelLink } from "./netlink.ts";

/** An interface on which a node can answer ARP and NDP, with the networks that it is in. */
export interface LinkView {
  readonly name: string;
  readonly alternativeNames: readonly string[];
  readonly index: number;
  readonly mac: Mac;
  readonly isUp: boolean;
  readonly carrierChanges: number;
  /** Its own addresses; link-local ones last. */
  readonly addresses: readonly Address[];
  readonly networks: readonly Prefix[];
}

/** Of what the kernel has, the interfaces that can serve: with an Ethernet address, ARP, and no bond, bridge or team above them. */
export function usableLinks(links: readonly KernelLink[], addresses: readonly KernelAddress[]): LinkView[] {
  const kinds = new Map(links.map((link) => [link.index, link.kind]));
  return links.flatMap((link): LinkView[] => {
    const isMember = link.master !== 0 && kinds.get(link.master) !== "vrf";
    if (link.mac === undefined || link.isLoopback || !link.isEthernet || isMember) return [];
    const own = addresses.filter(({ index }) => index === link.index);
    const isLocal = ({ address }: KernelAddress): boolean => isLinkLocal(address);
    return [
      {
        name: link.name,
        alternativeNames: link.alternativeNames,
        index: link.index,
        mac: link.mac,
        isUp: link.isUp,
        carrierChanges: link.carrierChanges,
        addresses: [...own.filter((one) => !isLocal(one)), ...own.filter(isLocal)].map(({ address }) => address),
        networks: own.filter((one) => !isLocal(one)).map(({ network }) => network),
      },
    ];
  });
}

/** What `selectLinks` needs of an interface. */
export type Selectable = Pick<LinkView, "name" | "addresses" | "networks"> & { readonly alternativeNames?: readonly string[] };

/** The parts of spec.interface. */
export function selectorsOf(text: string | undefined): string[] {
  return (text ?? "")
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

/** The address of a part "can_reach:<address>"; undefined for other parts. */
export function reachOf(selector: string): Address | undefined {
  return selector.startsWith("can_reach:") ? parseAddress(selector.slice("can_reach:".length).trim()) : undefined;
}

/** What is wrong with spec.interface, as a sentence; undefined when nothing is. */
export function selectorProblem(text: string | undefined): string | undefined {
  for (const selector of selectorsOf(text)) {
    if (selector.startsWith("can_reach:") && reachOf(selector) === undefined)
      return `spec.interface "${selector}": ${interfaceProblems.reach}`;
    if (selector.startsWith("cidr:") && parsePrefix(selector.slice("cidr:".length).trim()) === undefined)
      return `spec.interface "${selector}": ${interfaceProblems.network}`;
    if (/[\s/]/.test(selector) && !selector.startsWith("cidr:")) return `spec.interface "${selector}" ${interfaceProblems.name}`;
  }
  return undefined;
}

/**
 * The interfaces that fit one of the parts of spec.interface: a name, a glob, can_reach:<address>, cidr:<prefix>.
 * @param egress the interface by which the kernel of that node sends to an address
 */
export function selectLinks<T extends Selectable>(
  links: readonly T[],
  selectors: readonly string[],
  egress: (to: Address) => string | undefined,
): T[] {
  return links.filter((link) => selectors.some((selector) => fits(link, selector, egress)));
}

function fits(link: Selectable, selector: string, egress: (to: Address) => string | undefined): boolean {
  if (selector.startsWith("can_reach:")) {
    const wanted = reachOf(selector);
    return wanted !== undefined && egress(wanted) === link.name;
  }
  if (selector.startsWith("cidr:")) {
    const prefix = parsePrefix(selector.slice("cidr:".length).trim());
    return prefix !== undefined && link.addresses.some((address) => prefixContains(prefix, address));
  }
  const pattern = selector
    .replaceAll(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  const expression = new RegExp(`^${pattern}$`);
  return [link.name, ...(link.alternativeNames ?? [])].some((name) => expression.test(name));
}

/** Whether an address lies in a network of an interface. */
export function isOn(link: Pick<LinkView, "networks">, address: Address): boolean {
  return link.networks.some((network) => prefixContains(network, address));
}

/** Whether two interfaces of two nodes stand on the same segment, judged by their networks. Two without any network are taken to. */
export function sharesSegment(a: Pick<LinkView, "networks">, b: Pick<LinkView, "networks">): boolean {
  if (a.networks.length === 0 || b.networks.length === 0) return a.networks.length === b.networks.length;
  return a.networks.some((network) =>
    b.networks.some((other) => prefixContains(network, other.address) || prefixContains(other, network.address)),
  );
}
