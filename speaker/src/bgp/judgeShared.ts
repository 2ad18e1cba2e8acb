import { cniLabel } from "@berth/api/annotations";
import type { BgpConf } from "@berth/api/bgpConf";
import type { ObjectMeta } from "@berth/api/schema";
import type { Refusal } from "../announce/view.ts";

/** Why a labelled object is left alone. */
export function leftToCni({ labels }: ObjectMeta): Refusal | undefined {
  if (labels === undefined || !(cniLabel in labels)) return undefined;
  return {
    reason: "LeftToCni",
    message: `the label ${cniLabel} leaves this object to "${labels[cniLabel]}"; take the label away to have Berth use it`,
  };
}

/** Wishes of gracefulRestart that have no effect, and why. */
const withoutEffect = {
  longlivedEnabled: "long-lived graceful restart is not offered",
  deferralTime: "routes are sent as soon as all addresses of this node are known",
  staleRoutesTime: "routes of a peer that restarts are kept for the restart time that it names",
} as const;

/** Fields of gracefulRestart that are reports in GoBGP, and those that have no effect. */
export function notesOnRestart(path: string, restart: BgpConf["spec"]["gracefulRestart"]): string[] {
  const reports = ["peerRestartTime", "peerRestarting", "localRestarting", "mode"] as const;
  const wishes = Object.entries(withoutEffect).flatMap(([field, why]) =>
    restart?.[field as keyof typeof withoutEffect] ? [`${path}.${field} has no effect: ${why}`] : [],
  );
  const given = ["restartTime", "helperOnly", "notificationEnabled"] as const;
  const unused = restart === undefined || restart.enabled === true ? [] : given.filter((field) => Boolean(restart[field]));
  return [
    ...unused.map((field) => `${path}.${field} has no effect while ${path}.enabled is not true`),
    ...reports.flatMap((field) =>
      restart?.[field] === undefined || restart[field] === ""
        ? []
        : [`${path}.${field} has no effect: it is a report, not a wish`],
    ),
    ...wishes,
  ];
}
