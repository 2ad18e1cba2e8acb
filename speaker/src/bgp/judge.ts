import type { Judge } from "../announce/judge.ts";
import { judgeConf } from "./judgeConf.ts";
import { judgeEip } from "./judgeEip.ts";
import { judgePeer } from "./judgePeer.ts";

/** What BGP says of objects, for the conditions that the controller writes. */
export const bgpJudge: Judge = { bgpConf: judgeConf, bgpPeer: judgePeer, eip: judgeEip };
