import { nodeSelector } from "./nodeSelector.ts";
import { type Fields, type Infer, type ObjectField, quoted } from "./schema.ts";

/** Communities that have a name, and their numbers. @see RFC 1997, RFC 3765, RFC 7999, RFC 8326, RFC 9494 */
export const wellKnownCommunities = {
  "graceful-shutdown": 0xffff0000,
  "accept-own": 0xffff0001,
  "llgr-stale": 0xffff0006,
  "no-llgr": 0xffff0007,
  blackhole: 0xffff029a,
  "no-export": 0xffffff01,
  "no-advertise": 0xffffff02,
  "no-export-subconfed": 0xffffff03,
  "no-peer": 0xffffff04,
} as const;

const names = Object.keys(wellKnownCommunities);
const list = `[${names.map((name) => `'${name}'`).join(", ")}]`;
const parts = (separator: string, highest: number) => `self.split('${separator}').all(p, int(p) <= ${highest})`;

const routeFields = {
  communities: {
    type: "array",
    doc: "Communities of the routes: two numbers up to 65535 (65000:100), or a name (no-export, no-advertise, graceful-shutdown, …). RFC 1997.",
    maxItems: 63,
    items: {
      type: "string",
      doc: "A community.",
      maxLength: 32,
      rules: [
        {
          rule: `self in ${list} || (self.matches('^[0-9]{1,5}:[0-9]{1,5}$') && ${parts(":", 65535)})`,
          message: "must be two numbers from 0 to 65535, such as 65000:100, or a well-known name, such as no-export",
          messageExpression: quoted(
            `is not a community: two numbers from 0 to 65535, such as 65000:100, or one of ${names.join(", ")}`,
          ),
        },
      ],
    },
  },
  largeCommunities: {
    type: "array",
    doc: "Large communities of the routes: three numbers up to 4294967295 (65000:1:2). RFC 8092.",
    maxItems: 63,
    items: {
      type: "string",
      doc: "A large community.",
      maxLength: 32,
      rules: [
        {
          rule: `self.matches('^[0-9]{1,10}:[0-9]{1,10}:[0-9]{1,10}$') && ${parts(":", 4294967295)}`,
          message: "must be three numbers from 0 to 4294967295, such as 65000:1:2",
          messageExpression: quoted("is not a large community: three numbers from 0 to 4294967295, such as 65000:1:2"),
        },
      ],
    },
  },
  localPref: {
    type: "integer",
    doc: "The local preference, for peers in our own AS alone; the higher one wins. Default 100.",
    minimum: 0,
    maximum: 4294967295,
  },
  med: {
    type: "integer",
    doc: "The multi-exit discriminator; the lower one wins. Default: none is sent.",
    minimum: 0,
    maximum: 4294967295,
  },
  asPathPrepend: {
    type: "integer",
    doc: "How many times more our AS is in the path, for peers in another AS: the longer path loses.",
    minimum: 0,
    maximum: 16,
  },
  aggregationLength: {
    type: "integer",
    doc: "IPv4 addresses are announced as the network of so many bits that holds them, not one by one. The network must lie in the pool; addresses with externalTrafficPolicy Local are announced on their own all the same.",
    minimum: 1,
    maximum: 32,
  },
  aggregationLengthV6: { type: "integer", doc: "The same for IPv6.", minimum: 1, maximum: 128 },
  weighted: {
    type: "boolean",
    doc: "Tell routers how many ready endpoints each next hop has (link bandwidth community), for weighted ECMP. Default false.",
  },
  peers: {
    type: "array",
    doc: "Names of the BgpPeers that get the routes. Absent: all.",
    maxItems: 64,
    items: { type: "string", doc: "The name of a BgpPeer.", minLength: 1, maxLength: 253 },
  },
  nodeSelector: nodeSelector("The nodes that announce the routes, a Kubernetes LabelSelector. Absent: all."),
} as const satisfies Fields;

/** How the routes of a pool are announced by BGP. */
export const eipBgp = {
  type: "object",
  doc: "How the routes of the addresses look, and who gets them. A change is told to routers at once, on the session that is up.",
  fields: routeFields,
} as const satisfies ObjectField;

export type EipBgp = Infer<typeof routeFields>;
