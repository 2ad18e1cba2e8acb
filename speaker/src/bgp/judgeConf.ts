import type { BgpConf } from "@berth/api/bgpConf";
import { notToListenOn, toListenOn } from "@berth/api/hosts";
import type { Judgement, PolicyText } from "../announce/judge.ts";
import type { Refusal } from "../announce/view.ts";
import { parseAddress } from "../net/address.ts";
import { AS_TRANS } from "../net/asn.ts";
import { leftToCni, notesOnRestart } from "./judgeShared.ts";
import { parsePolicy } from "./policy/parse.ts";

const no = (reason: string, message: string): Refusal => ({ reason, message });

/** What is to be said of a BgpConf. With a refused policy the rest is used all the same. */
export function judgeConf(conf: BgpConf, policy: PolicyText | undefined): Judgement {
  const refusal = leftToCni(conf.metadata) ?? judgeNumbers(conf) ?? judgeListen(conf) ?? judgePolicy(policy);
  const { useMultiplePaths, routerId, gracefulRestart, asPerRack = {} } = conf.spec;
  const notes = [
    ...(useMultiplePaths === true ? ["spec.useMultiplePaths has no effect: our routes never compete with each other"] : []),
    ...(routerId !== undefined && routerId !== ""
      ? [
          `spec.routerId "${routerId}" is the BGP Identifier of every node outside racks; routers that peer with several nodes inside one AS may refuse the second: leave it empty for one of each node's own`,
        ]
      : []),
    ...Object.entries(asPerRack)
      .filter(([, as]) => as === 0)
      .map(([rack]) => `spec.asPerRack["${rack}"]: 0 is no AS number; nodes of that rack use spec.as, or have no BGP without it`),
    ...notesOnRestart("spec.gracefulRestart", gracefulRestart),
  ];
  return { refusal, notes };
}

function judgeNumbers({ metadata, spec }: BgpConf): Refusal | undefined {
  if (metadata.name !== "default")
    return no("NotDefault", `only the BgpConf named "default" is used, not "${metadata.name}"; give it that name, or delete it`);
  const hasRackAs = Object.values(spec.asPerRack ?? {}).some((as) => as > 0);
  if ((spec.as ?? 0) === 0 && !hasRackAs)
    return no("NoAs", "spec.as is 0 or absent: BGP is off; set it to the AS number of the speakers, 1 to 4294967295");
  const reserved = [
    ["spec.as", spec.as],
    ...Object.entries(spec.asPerRack ?? {}).map(([rack, as]) => [`spec.asPerRack["${rack}"]`, as]),
  ].find(([, as]) => as === AS_TRANS);
  if (reserved !== undefined)
    return no(
      "InvalidAs",
      `${reserved[0]}: ${AS_TRANS} stands for AS numbers that need four octets and is nobody's (RFC 6793 §9); set it to your own, such as 65000`,
    );
  return undefined;
}

/** Why the speakers do not listen on what a text says; undefined where they do. */
export function notListenedOn(text: string): string | undefined {
  const address = parseAddress(text);
  return address === undefined ? undefined : notToListenOn(address.family, address.value);
}

function judgeListen({ spec: { listenAddresses = [] } }: BgpConf): Refusal | undefined {
  const index = listenAddresses.findIndex((text) => notListenedOn(text) !== undefined);
  const text = listenAddresses[index];
  if (text === undefined) return undefined;
  return no(
    "InvalidAddress",
    `spec.listenAddresses[${index}]: "${text}" ${notListenedOn(text)}, which no host has; give ${toListenOn}. The speakers do not listen on it; the rest is used`,
  );
}

function judgePolicy(policy: PolicyText | undefined): Refusal | undefined {
  if (policy === undefined) return undefined;
  if (policy.text === undefined)
    return no(
      "PolicyNotFound",
      `spec.policy: there is no ConfigMap "${policy.name}" with the key gobgp.conf in Berth's namespace; routes are announced without a policy`,
    );
  const { problems } = parsePolicy(policy.text);
  if (problems.length === 0) return undefined;
  const more = problems.length > 3 ? `; and ${problems.length - 3} more` : "";
  return no("PolicyRefused", `spec.policy "${policy.name}": ${problems.slice(0, 3).join("; ")}${more}; nothing of it is applied`);
}
