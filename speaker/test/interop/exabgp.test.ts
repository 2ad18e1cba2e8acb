import { conversation } from "./conversation.ts";
import { exabgp } from "./daemons/exabgp.ts";

conversation(exabgp, { hasPassword: true, usableRoutes: 2, asksRefresh: true, showsPathIds: true, helpsRestart: false });
