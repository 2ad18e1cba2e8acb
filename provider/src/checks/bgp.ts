import { isIP } from "node:net";
import { wellKnownCommunities } from "@berth/api/eipBgp";
import { notOfHost, notToListenOn, toListenOn } from "@berth/api/hosts";
import { parseAddress } from "./addresses.ts";
import { type KnownArgs, list, type Problem, record, texts, unknown } from "./problem.ts";

/** Mistakes in what arguments say of BGP, which the definition of the fields alone does not show. Pure. */

const no = (propertyPath: string, reason: string): Problem[] => [{ propertyPath, reason }];

/** Stands for AS numbers that need four octets. @see RFC 6793 §9 */
const asTrans = 23456;

/** An AS number that is nobody's. */
export function asProblems(path: string, as: unknown): Problem[] {
  return as === asTrans
    ? no(path, `${asTrans} stands for AS numbers that need four octets and is nobody's (RFC 6793); give another, such as 65000`)
    : [];
}

/** Communities that cannot be written. */
export function communityProblems(bgp: KnownArgs): Problem[] {
  const names = Object.keys(wellKnownCommunities);
  const isBelow = (text: string, highest: number): boolean => text.split(":").every((part) => Number(part) <= highest);
  return [
    ...texts(bgp, "communities").flatMap(({ path, text }) =>
      names.includes(text) || (/^\d{1,5}:\d{1,5}$/.test(text) && isBelow(text, 65535))
        ? []
        : no(
            `bgp.${path}`,
            `"${text}" is not a community: two numbers from 0 to 65535, such as 65000:100, or one of ${names.join(", ")}`,
          ),
    ),
    ...texts(bgp, "largeCommunities").flatMap(({ path, text }) =>
      /^\d{1,10}:\d{1,10}:\d{1,10}$/.test(text) && isBelow(text, 4294967295)
        ? []
        : no(`bgp.${path}`, `"${text}" is not a large community: three numbers from 0 to 4294967295, such as 65000:1:2`),
    ),
  ];
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
const same = (a: string, b: string): boolean => {
  const [one, two] = [parseAddress(a), parseAddress(b)];
  return one !== undefined && two !== undefined && one.family === two.family && one.first === two.first;
};

/** Mistakes in the fields that say where the connection of a peer goes. */
export function connectionProblems(args: KnownArgs): Problem[] {
  const conf = record(args["conf"]);
  const transport = record(args["transport"]);
  const [peer, local, remote] = [conf["neighborAddress"], transport["localAddress"], transport["remoteAddress"]].map(textOf) as [
    string,
    string,
    string,
  ];
  const [link, vrf, device] = [conf["neighborInterface"], conf["vrf"], transport["bindInterface"]].map(textOf) as [
    string,
    string,
    string,
  ];
  const { tcpMss } = transport;
  const isLinkLocal = /^fe[89ab]/i.test(peer);
  return [
    ...hostProblems("conf.neighborAddress", peer, "the router's"),
    ...(local !== "" && isIP(local) === 0
      ? no("transport.localAddress", `"${local}" is not an IP address, such as 172.30.0.11`)
      : hostProblems("transport.localAddress", local, "one of the nodes'")),
    ...(isIP(local) !== 0 && isIP(peer) !== 0 && isIP(local) !== isIP(peer)
      ? no(
          "transport.localAddress",
          `"${local}" is IPv${isIP(local)}, and conf.neighborAddress "${peer}" is IPv${isIP(peer)}; both must be of one family`,
        )
      : []),
    ...(same(local, peer)
      ? no("transport.localAddress", `"${local}" is conf.neighborAddress too; give an address of the nodes, or leave it out`)
      : []),
    ...(remote !== "" && conf["neighborAddress"] !== unknown && !same(remote, peer)
      ? no(
          "transport.remoteAddress",
          `"${remote}" is not conf.neighborAddress, "${peer}"; one peer has one address: leave it out`,
        )
      : []),
    ...(isLinkLocal && link === "" && conf["neighborInterface"] !== unknown
      ? no(
          "conf.neighborInterface",
          `is missing: conf.neighborAddress "${peer}" is link-local and means nothing without an interface`,
        )
      : []),
    ...(vrf !== "" && device !== ""
      ? no(
          "transport.bindInterface",
          `"${device}": there is conf.vrf "${vrf}" too, and a connection is bound to one device; keep one of them`,
        )
      : []),
    ...(device !== "" && link !== "" && device !== link && (peer === "" || isLinkLocal)
      ? no(
          "transport.bindInterface",
          `"${device}": the peer is on conf.neighborInterface "${link}", and a connection is bound to one device; leave it out`,
        )
      : []),
    ...(
      [
        ["conf.neighborInterface", link],
        ["conf.vrf", vrf],
        ["transport.bindInterface", device],
      ] as const
    ).flatMap(([path, name]) =>
      /[\s/:]/.test(name) ? no(path, `"${name}" is no name of an interface, such as eth0: no blanks, no / and no :`) : [],
    ),
    ...(typeof tcpMss === "number" && tcpMss !== 0 && (tcpMss < 88 || tcpMss > 32767)
      ? no("transport.tcpMss", `${tcpMss} is not from 88 to 32767, which is what Linux takes; 0 leaves it to the kernel`)
      : []),
    ...familyProblems(args),
  ];
}

/** An address that nobody can listen on. */
export function listenProblems(path: string, text: string): Problem[] {
  return hostProblems(path, text, toListenOn, notToListenOn);
}

function hostProblems(path: string, text: string, whose: string, problemOf = notOfHost): Problem[] {
  const address = parseAddress(text);
  const problem = address === undefined ? undefined : problemOf(address.family, address.first);
  return problem === undefined ? [] : no(path, `"${text}" ${problem}, which no host has; give ${whose}`);
}

/** A list of families that leaves none. */
function familyProblems(args: KnownArgs): Problem[] {
  const entries = list(args["afiSafis"]).map((entry) => record(record(entry)["config"])["enabled"]);
  return entries.length > 0 && entries.every((enabled) => enabled === false)
    ? no("afiSafis", "no family is left; enable one, or leave the list out for the family of conf.neighborAddress")
    : [];
}
