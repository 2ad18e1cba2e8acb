import { wellKnownCommunities } from "@berth/api/eipBgp";

/** A community from its text: "65000:100" or a well-known name; undefined for anything else. @see RFC 1997 */
export function parseCommunity(text: string): number | undefined {
  const named: number | undefined = (wellKnownCommunities as Readonly<Record<string, number>>)[text];
  if (named !== undefined) return named;
  const match = /^(\d{1,5}):(\d{1,5})$/.exec(text);
  const [high, low] = [Number(match?.[1]), Number(match?.[2])];
  return match === null || high > 0xffff || low > 0xffff ? undefined : high * 0x10000 + low;
}

/** A large community from its text, "65000:1:2"; undefined for anything else. @see RFC 8092 §5 */
export function parseLargeCommunity(text: string): readonly [number, number, number] | undefined {
  const match = /^(\d{1,10}):(\d{1,10}):(\d{1,10})$/.exec(text);
  const [a = 0, b = 0, c = 0] = (match ?? []).slice(1).map(Number);
  return match === null || Math.max(a, b, c) > 0xffffffff ? undefined : [a, b, c];
}

/** What one ready endpoint counts for in a link bandwidth, in octets a second: 1 Gbit/s. Routers compare, they do not measure. */
const bandwidthOfEndpoint = 125_000_000;

/**
 * The link bandwidth extended community: how much goes through a next hop, for weighted ECMP.
 * @see draft-ietf-idr-link-bandwidth
 */
export function linkBandwidth(as: number, endpoints: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setUint16(0, 0x4004);
  view.setUint16(2, as > 0xffff ? 23456 : as);
  view.setFloat32(4, endpoints * bandwidthOfEndpoint);
  return view.getBigUint64(0);
}
