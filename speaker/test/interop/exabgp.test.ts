import { conversation } from "./conversation.ts";
import { exabgp } from "./daemons/exabgp.ts";

conversation(exabgp, {
  hasPassword: true,
  noExport: "65535:65281",
  usableRoutes: 2,
  asksRefresh: true,
  showsPathIds: true,
  helpsRestart: false,
});
