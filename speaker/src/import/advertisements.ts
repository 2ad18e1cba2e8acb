import type { EipSpec } from "@berth/api/eip";
import type { EipBgp } from "@berth/api/eipBgp";
import { type Communities, communitiesOf } from "./communities.ts";
import { numberOf, type Remark, recordOf, recordsOf, type SourceObject, textsOf } from "./model.ts";
import { anyOf, nodeSelectorOf } from "./selectors.ts";

/** What MetalLB's advertisements say of a pool → the fields of an Eip. Pure. */

/** What an advertisement may refer to. */
export interface References {
  /** What was read of kind Node. */
  readonly nodes: readonly SourceObject[];
  readonly communityNames: ReadonlyMap<string, string>;
  /** The BgpPeers that each BGPPeer became, by its name. */
  readonly peers: ReadonlyMap<string, readonly string[]>;
}

/** Fields of an Eip, and what of the advertisements has no counterpart. */
export interface Announced {
  readonly spec: Partial<EipSpec>;
  readonly remarks: readonly Remark[];
}

const title = ({ kind, metadata }: SourceObject): string => `${kind} ${metadata.name}`;
const selectorsOf = (object: SourceObject): Readonly<Record<string, unknown>>[] => recordsOf(object.spec?.["nodeSelectors"]);

/** The node selectors of advertisements, any of which lets a node announce; none when one of them has none. */
function nodesOf(objects: readonly SourceObject[]): Readonly<Record<string, unknown>>[] {
  const lists = objects.map(selectorsOf);
  return lists.some((list) => list.length === 0) ? [] : lists.flat();
}

/** Values of advertisements together; nothing when one of them has none, which means all. */
function allOf(lists: readonly (readonly string[])[]): string[] {
  return lists.some((list) => list.length === 0) ? [] : [...new Set(lists.flat())];
}

/** Whether advertisements have different lists in a field. */
function differ(objects: readonly SourceObject[], field: string): boolean {
  return new Set(objects.map(({ spec }) => JSON.stringify(spec?.[field] ?? []))).size > 1;
}

function nodeField(
  about: string,
  objects: readonly SourceObject[],
  nodes: readonly SourceObject[],
  field: string,
): { readonly nodeSelector?: NonNullable<EipSpec["nodeSelector"]>; readonly remarks: readonly Remark[] } {
  const found = anyOf(nodesOf(objects), nodes);
  const names = objects.map(title).join(" and ");
  switch (found.type) {
    case "exact":
      return { ...(found.selector === undefined ? {} : { nodeSelector: found.selector }), remarks: [] };
    case "listed": {
      const text = `nodeSelectors of ${names} say more than one selector can; ${field} has the nodes that fit today: ${found.names.join(", ") || "none"}`;
      return { nodeSelector: found.selector, remarks: [{ about, text, isSerious: true }] };
    }
    case "none": {
      const text = `nodeSelectors of ${names} say more than one selector can, and no Node was read to list those that fit; every node may announce: write ${field}, or import from the cluster`;
      return { remarks: [{ about, text, isSerious: true }] };
    }
    default:
      return found satisfies never;
  }
}

const serviceSelectorRemarks = (about: string, objects: readonly SourceObject[]): Remark[] =>
  objects
    .filter(({ spec }) => recordsOf(spec?.["serviceSelectors"]).length > 0)
    .map((object) => ({
      about,
      text: `serviceSelectors of ${title(object)} have no counterpart: an Eip announces every address that it gave; make another Eip for those Services, with serviceSelectors and restrict`,
      isSerious: true,
    }));

/** What L2Advertisements say of a pool. There is at least one. */
export function layer2Of(about: string, objects: readonly SourceObject[], { nodes }: References): Announced {
  const interfaces = allOf(objects.map(({ spec }) => textsOf(spec?.["interfaces"])));
  const { nodeSelector, remarks } = nodeField(about, objects, nodes, "nodeSelector");
  const preferred = objects
    .flatMap(({ spec }) => recordsOf(spec?.["preferredNodeSelectors"]))
    .map(({ weight, preference }) => ({ weight: numberOf(weight) ?? 1, nodeSelector: nodeSelectorOf(recordOf(preference)) }));
  const isCrossed = interfaces.length > 0 && differ(objects, "interfaces") && differ(objects, "nodeSelectors");
  return {
    spec: {
      ...(interfaces.length > 0 ? { interface: interfaces.join(",") } : {}),
      ...(nodeSelector === undefined ? {} : { nodeSelector }),
      ...(preferred.length > 0 ? { preferredNodes: preferred } : {}),
    },
    remarks: [
      ...remarks,
      ...(isCrossed
        ? [
            {
              about,
              text: `${objects.map(title).join(" and ")} name interfaces for nodes of their own; an Eip has one list of interfaces for all its nodes: ${interfaces.join(", ")}`,
              isSerious: false,
            },
          ]
        : []),
      ...serviceSelectorRemarks(about, objects),
    ],
  };
}

/** How the routes of one advertisement look. */
interface Route {
  readonly object: SourceObject;
  readonly bgp: EipBgp;
  readonly unknown: Communities["unknown"];
}

function routeOf(object: SourceObject, { communityNames }: References): Route {
  const spec = object.spec ?? {};
  const { communities, largeCommunities, unknown } = communitiesOf(textsOf(spec["communities"]), communityNames);
  const [length, lengthV6, localPref] = [spec["aggregationLength"], spec["aggregationLengthV6"], spec["localPref"]].map(numberOf);
  return {
    object,
    bgp: {
      ...(communities.length > 0 ? { communities } : {}),
      ...(largeCommunities.length > 0 ? { largeCommunities } : {}),
      ...(localPref === undefined || localPref === 0 ? {} : { localPref }),
      ...(length === undefined || length === 32 ? {} : { aggregationLength: length }),
      ...(lengthV6 === undefined || lengthV6 === 128 ? {} : { aggregationLengthV6: lengthV6 }),
    },
    unknown,
  };
}

/** Every address by itself before aggregates: none of them is left without a route. */
const byAggregation = (one: Route, other: Route): number =>
  (other.bgp.aggregationLength ?? 32) - (one.bgp.aggregationLength ?? 32) ||
  (other.bgp.aggregationLengthV6 ?? 128) - (one.bgp.aggregationLengthV6 ?? 128);

/** What BGPAdvertisements say of a pool. There is at least one. */
export function bgpOf(about: string, objects: readonly SourceObject[], references: References): Announced {
  const routes = objects.map((object) => routeOf(object, references)).sort(byAggregation);
  const [{ bgp: attributes } = { bgp: {} }] = routes;
  const isAlike = ({ bgp }: Route): boolean => JSON.stringify(bgp) === JSON.stringify(attributes);
  const taken = routes.filter(isAlike).map(({ object }) => object);
  const names = taken.map(title).join(" and ");
  const wanted = allOf(taken.map(({ spec }) => textsOf(spec?.["peers"])));
  const peers = wanted.flatMap((name) => references.peers.get(name) ?? []);
  const { nodeSelector, remarks } = nodeField(about, taken, references.nodes, "bgp.nodeSelector");
  const bgp: EipBgp = {
    ...attributes,
    ...(wanted.length > 0 ? { peers: peers.length > 0 ? peers : wanted } : {}),
    ...(nodeSelector === undefined ? {} : { nodeSelector }),
  };
  const serious = (text: string): Remark => ({ about, text, isSerious: true });
  return {
    spec: Object.keys(bgp).length > 0 ? { bgp } : {},
    remarks: [
      ...routes.flatMap(({ object, unknown }) =>
        unknown.map((text) =>
          serious(
            `communities of ${title(object)} has ${JSON.stringify(text)}, which no Community object gives a value and which is no community; it was left out`,
          ),
        ),
      ),
      ...routes
        .filter((route) => !isAlike(route))
        .map(({ object, bgp: other }) =>
          serious(
            `${title(object)} announces it once more, in another way (${JSON.stringify(other)}); an Eip has one set of attributes, and that of ${names} was taken`,
          ),
        ),
      ...wanted
        .filter((name) => !references.peers.has(name))
        .map((name) => serious(`peers of ${names} has ${JSON.stringify(name)}, and no BGPPeer of that name was read`)),
      ...(differ(taken, "peers") && differ(taken, "nodeSelectors")
        ? [serious(`${names} name nodes for peers of their own; an Eip tells each of its peers from each of its nodes`)]
        : []),
      ...remarks,
      ...serviceSelectorRemarks(about, taken),
    ],
  };
}
