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

/** Fields of gracefulRestart that are reports in GoBGP. */
export function notesOnRestart(path: string, restart: BgpConf["spec"]["gracefulRestart"]): string[] {
  const reports = ["peerRestartTime", "peerRestarting", "localRestarting", "mode"] as const;
  return reports.flatMap((field) =>
    restart?.[field] === undefined || restart[field] === "" ? [] : [`${path}.${field} has no effect: it is a report, not a wish`],
  );
}
