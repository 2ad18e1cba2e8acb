import { conversation } from "./conversation.ts";
import { frr } from "./daemons/frr.ts";

conversation(frr, { hasPassword: true, usableRoutes: 2, asksRefresh: true, showsPathIds: true, helpsRestart: true });
