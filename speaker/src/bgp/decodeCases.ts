import { formatAddress, parseAddress } from "../net/address.ts";
import { asn } from "../net/asn.ts";
import { formatPrefix } from "../net/prefix.ts";
import type { AsSegment } from "./asPath.ts";
import type { ReceivedAttributes } from "./attributes.ts";
import { type Capability, codeOfCapability, offerOf } from "./capabilities.ts";
import { decodeMessage, frame } from "./decode.ts";
import { ineligible, marked, type Receiver } from "./eligible.ts";
import { familyOf, type RouteFamily } from "./family.ts";
import { judgeType } from "./fsm/expected.ts";
import { messageType } from "./iana.ts";
import type {
  DecodeContext,
  Message,
  MessageError,
  NotificationMessage,
  OpenMessage,
  Path,
  RouteRefreshMessage,
  UpdateMessage,
} from "./message.ts";
import { hexOf, mayHaveText, readCommunication } from "./notification.ts";
import { type Identity, judgeOpen } from "./open.ts";
import type { State } from "./session.ts";

/** What a message is read with: the sides, the state, and what was agreed on. */
export interface CaseContext {
  readonly state: State;
  readonly identity: Identity;
  /** The same, for routes. */
  readonly receiver: Receiver;
  readonly decode: DecodeContext;
  readonly isExtendedMessage: boolean;
  readonly hasRouteRefresh: boolean;
  readonly hasEnhancedRouteRefresh: boolean;
}

/** What became of a message: plain JSON, with the words of the case files. */
export type CaseOutcome = Readonly<Record<string, unknown>> & {
  readonly outcome:
    | "valid"
    | "ignore"
    | "attribute-discard"
    | "treat-as-withdraw"
    | "session-reset"
    | "incomplete"
    | "invalid-input";
};

/** Reads the octets of one message, or of several one after the other: then the first that is not well counts. Pure and total. */
export function decodeCase(octets: Uint8Array, context: CaseContext): CaseOutcome {
  let rest = octets;
  let first: CaseOutcome | undefined;
  do {
    const [outcome, behind] = decodeOne(rest, context);
    if (outcome.outcome !== "valid") return first === undefined || outcome.outcome !== "incomplete" ? outcome : first;
    first ??= outcome;
    rest = behind;
  } while (rest.length > 0);
  return first;
}

function decodeOne(octets: Uint8Array, context: CaseContext): readonly [CaseOutcome, Uint8Array] {
  const framed = frame(octets, context.isExtendedMessage);
  if ("needsMore" in framed) return [{ outcome: "incomplete", reason: "the message goes on" }, octets.subarray(octets.length)];
  if ("error" in framed) return [reset(framed.error), octets];
  if (framed.type === messageType.routeRefresh && !context.hasRouteRefresh) {
    const data = Uint8Array.of(framed.type);
    return [reset({ code: 1, subcode: 3, data, reason: "route refresh was not offered" }), framed.rest];
  }
  const wrong = judgeType(context.state, framed.type);
  if (wrong !== undefined) return [reset(wrong), framed.rest];
  const decoded = decodeMessage(framed.type, framed.body, context.decode);
  return ["error" in decoded ? reset(decoded.error) : outcomeOf(decoded.message, context), framed.rest];
}

function reset({ code, subcode, data, reason }: MessageError): CaseOutcome {
  const notification = { code, subcode: [subcode], ...(data.length === 0 ? {} : { data: hexOf(data) }) };
  return { outcome: "session-reset", notification, reason };
}

function outcomeOf(message: Message, context: CaseContext): CaseOutcome {
  switch (message.type) {
    case "open": {
      const wrong = judgeOpen(message, context.identity);
      return wrong === undefined ? describeOpen(message) : reset(wrong);
    }
    case "update":
      return describeUpdate(message, context);
    case "notification":
      return describeNotification(message);
    case "keepalive":
      return { outcome: "valid", type: "KEEPALIVE" };
    case "routeRefresh":
      return describeRouteRefresh(message, context);
    default:
      return message satisfies never;
  }
}

function describeOpen(open: OpenMessage): CaseOutcome {
  const unknown = open.capabilities.flatMap((capability) =>
    capability.name === "unknown" ? [{ code: capability.code, value: hexOf(capability.value) }] : [],
  );
  return {
    outcome: "valid",
    type: "OPEN",
    version: open.version,
    my_as: open.myAs,
    asn: offerOf(open.capabilities).fourOctetAs ?? open.myAs,
    hold_time: open.holdTime,
    router_id: formatAddress(open.bgpIdentifier),
    capabilities: open.capabilities.map((capability) => ({
      code: codeOfCapability(capability),
      ...describeCapability(capability),
    })),
    ...(unknown.length === 0 ? {} : { unknown_capabilities: unknown }),
  };
}

function describeCapability(capability: Capability): object {
  switch (capability.name) {
    case "multiprotocol":
      return { afi: capability.afi, safi: capability.safi };
    case "extendedNextHop":
      return { tuples: capability.families.map(({ afi, safi, nextHopAfi }) => ({ afi, safi, nexthop_afi: nextHopAfi })) };
    case "role":
      return { role: capability.role };
    case "gracefulRestart": {
      const { isRestarting, keepsAfterNotification, restartTime, families } = capability;
      return {
        restart_flags: (isRestarting ? 8 : 0) + (keepsAfterNotification ? 4 : 0),
        ...(isRestarting ? { restart_state: true } : {}),
        ...(keepsAfterNotification ? { notification: true } : {}),
        restart_time: restartTime,
        tuples: families,
      };
    }
    case "fourOctetAs":
      return { asn: capability.as };
    case "addPath":
      return { tuples: capability.families };
    case "longLivedGracefulRestart":
      return { tuples: capability.families.map(({ staleTime, ...family }) => ({ ...family, stale_time: staleTime })) };
    case "fqdn":
      return { hostname: capability.host, domain: capability.domain };
    case "unknown":
      return { value: hexOf(capability.value) };
    default:
      return {};
  }
}

function describeNotification(message: NotificationMessage): CaseOutcome {
  const { code, subcode } = message;
  const { communication, data } = readCommunication(message);
  const text = mayHaveText(message) && message.data.length > 0;
  return {
    outcome: "valid",
    type: "NOTIFICATION",
    code,
    subcode,
    ...(communication === undefined ? {} : { communication }),
    ...(text && communication === undefined ? { communication_invalid: true, raw: data } : {}),
    ...(!text && data !== "" ? { data } : {}),
  };
}

/** @see RFC 7313 §5, RFC 2918 §4 */
function describeRouteRefresh({ afi, safi, subtype }: RouteRefreshMessage, context: CaseContext): CaseOutcome {
  const family = familyOf({ afi, safi });
  const fields = { afi, safi, subtype };
  if (family === undefined || !context.decode.families.includes(family))
    return { outcome: "ignore", ...fields, reason: "the family was not negotiated" };
  if (subtype > 2 || (subtype !== 0 && !context.hasEnhancedRouteRefresh))
    return { outcome: "ignore", ...fields, reason: `subtype ${subtype} is not known here` };
  return { outcome: "valid", type: "ROUTE-REFRESH", ...fields };
}

function describeUpdate(update: UpdateMessage, { receiver }: CaseContext): CaseOutcome {
  const fatal = update.faults.filter((fault) => fault.action === "withdraw");
  const discarded = [...new Set(update.faults.filter((fault) => fault.action === "discard").map((fault) => fault.code))];
  const withdraw = update.withdrawn.map(describePath);
  const why = { reason: update.faults.map((fault) => fault.reason).join("; ") };
  if (fatal.length > 0) return { outcome: "treat-as-withdraw", type: "UPDATE", withdraw, ...why };
  const announce = update.announced.map(({ nextHop, ...path }) => ({ ...pathFields(path), nexthop: formatAddress(nextHop) }));
  const refusal = announce.length > 0 ? ineligible(update.attributes, receiver) : undefined;
  if (refusal !== undefined) return { outcome: "ignore", type: "UPDATE", reason: refusal, ignored: announce };
  if (update.passedOver !== undefined && announce.length === 0 && withdraw.length === 0)
    return { outcome: "ignore", type: "UPDATE", reason: update.passedOver };
  const attrs = describeAttributes(announce.length > 0 ? marked(update.attributes, receiver) : update.attributes);
  return {
    outcome: discarded.length > 0 ? "attribute-discard" : "valid",
    type: "UPDATE",
    ...(discarded.length > 0 ? { discard: discarded, ...why } : {}),
    ...(update.endOfRib === undefined ? {} : { eor: update.endOfRib }),
    ...(announce.length > 0 ? { announce } : {}),
    ...(withdraw.length > 0 ? { withdraw } : {}),
    ...(Object.keys(attrs).length > 0 ? { attrs } : {}),
  };
}

const pathFields = ({ prefix, pathId }: Path): object => ({
  prefix: formatPrefix(prefix),
  ...(pathId === undefined ? {} : { path_id: pathId }),
});
const describePath = (path: Path): unknown => (path.pathId === undefined ? formatPrefix(path.prefix) : pathFields(path));
const words = (community: number): string => `${community >>> 16}:${community & 0xffff}`;
/** AS numbers one after the other; a set is a list of its own. */
const describePathSegments = (path: readonly AsSegment[]): unknown[] =>
  path.flatMap(({ type, as }): unknown[] => (type === "sequence" ? [...as] : [as]));

function describeAttributes(attributes: ReceivedAttributes): Readonly<Record<string, unknown>> {
  const { aggregator, clusterList, communities, extendedCommunities, largeCommunities, originatorId, asPath } = attributes;
  const all = {
    origin: attributes.origin,
    as_path: asPath === undefined ? undefined : describePathSegments(asPath),
    med: attributes.med,
    local_pref: attributes.localPref,
    atomic_aggregate: attributes.atomicAggregate,
    aggregator: aggregator === undefined ? undefined : { asn: aggregator.as, address: formatAddress(aggregator.address) },
    communities: communities?.map(words),
    originator_id: originatorId === undefined ? undefined : formatAddress(originatorId),
    cluster_list: clusterList?.map(formatAddress),
    ext_communities: extendedCommunities?.map(describeExtendedCommunity),
    // Equal ones count once. @see RFC 8092 §5
    large_communities:
      largeCommunities === undefined ? undefined : [...new Set(largeCommunities.map((parts) => parts.join(":")))],
    otc: attributes.onlyToCustomer,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

/** @see RFC 4360 §3, draft-ietf-idr-link-bandwidth §2 */
function describeExtendedCommunity(community: bigint): object {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, community);
  const [type, subtype] = [view.getUint8(0), view.getUint8(1)];
  const names: Readonly<Record<number, string>> = { 2: "route-target", 3: "route-origin" };
  if ((type & 0xbf) === 0 && subtype === 4)
    return { type: "link-bandwidth", asn: view.getUint16(2), bytes_per_sec: view.getFloat32(4) };
  const name = names[subtype];
  if (type === 0 && name !== undefined) return { type: name, value: `${view.getUint16(2)}:${view.getUint32(4)}` };
  if (type === 1 && name !== undefined) {
    const address = formatAddress({ family: 4, value: BigInt(view.getUint32(2)) });
    return { type: name, value: `${address}:${view.getUint16(6)}` };
  }
  if (type === 2 && name !== undefined) return { type: name, value: `${view.getUint32(2)}:${view.getUint16(6)}` };
  return { type: "unknown", value: hexOf(new Uint8Array(view.buffer)) };
}

const roles: readonly string[] = ["provider", "rs", "rs-client", "customer", "peer"];
const allFamilies: readonly RouteFamily[] = ["ipv4/unicast", "ipv6/unicast"];
const states: readonly State[] = ["Idle", "Connect", "Active", "OpenSent", "OpenConfirm", "Established"];

/** The families that a field of a case means: a list or an object names some, in any words; anything else that is true is all of the session's. */
function familiesOf(value: unknown, all: readonly RouteFamily[]): readonly RouteFamily[] {
  if (value === undefined || value === null || value === false || value === "none") return [];
  const text = JSON.stringify(value);
  const named = allFamilies.filter((family) => text.includes(family));
  return named.length > 0
    ? all.filter((family) => named.includes(family))
    : Array.isArray(value) && value.length === 0
      ? []
      : all;
}

/** The value of the first field of a case whose name is one of several. */
function field(caps: Record<string, unknown>, names: RegExp): unknown {
  return Object.entries(caps).find(([key]) => names.test(key))?.[1];
}

/** Reads one line `{name, caps, hex}` and gives the line to answer with. A line that cannot be read is answered, too. */
export function decodeCaseLine(line: string): CaseOutcome & { readonly name: unknown } {
  let input: unknown;
  try {
    input = JSON.parse(line);
  } catch {
    return { name: null, outcome: "invalid-input", reason: "the line is not JSON" };
  }
  const { name = null, hex, caps } = (typeof input === "object" && input !== null ? input : {}) as Record<string, unknown>;
  if (typeof hex !== "string" || hex.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(hex))
    return { name, outcome: "invalid-input", reason: "hex: an even number of hexadecimal digits is wanted" };
  const context = readContext((typeof caps === "object" && caps !== null ? caps : {}) as Record<string, unknown>);
  if (typeof context === "string") return { name, outcome: "invalid-input", reason: context };
  return {
    name,
    ...decodeCase(
      Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16)),
      context,
    ),
  };
}

function readContext(caps: Record<string, unknown>): CaseContext | string {
  const state = states.find((one) => one.toLowerCase() === String(caps["state"] ?? "established").toLowerCase());
  if (state === undefined) return `caps.state: "${String(caps["state"])}" is no state; ${states.join(", ")} are`;
  const [localAs, peerAs] = [caps["local_as"] ?? 65000, caps["peer_as"] ?? 65001].map((one) => asn(Number(one)));
  if (localAs === undefined || peerAs === undefined) return "caps.local_as, caps.peer_as: a number in 0..4294967295 is wanted";
  const families = caps["families"] === undefined ? allFamilies : familiesOf(caps["families"], allFamilies);
  const nextHop = field(caps, /^(ext(ended)?[_-]?(nh|next_?-?hop)|enhe)/i);
  const named = field(caps, /^(local_?)?role$/);
  const role = typeof named === "number" ? named : roles.indexOf(String(named));
  const identifier = parseAddress(String(field(caps, /^(local_|bgp_)?(router_id|identifier|id)$/) ?? ""));
  const isInternal = caps["session"] === undefined ? localAs === peerAs : caps["session"] === "ibgp";
  return {
    state,
    identity: { localAs, peerAs, bgpIdentifier: identifier, ...(role >= 0 ? { role } : {}) },
    receiver: { localAs, peerAs, bgpIdentifier: identifier?.value, role: role >= 0 && !isInternal ? role : undefined },
    decode: {
      isFourOctetAs: caps["as4"] !== false,
      isInternal,
      families,
      addPath: familiesOf(field(caps, /^add[_-]?path/i), families),
      hasExtendedNextHop: nextHop !== undefined && nextHop !== false,
    },
    isExtendedMessage: caps["extended_message"] === true,
    hasRouteRefresh: caps["route_refresh"] !== false,
    hasEnhancedRouteRefresh: caps["enhanced_route_refresh"] !== false,
  };
}
