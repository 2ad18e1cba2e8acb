import { conversation } from "./conversation.ts";
import { frr } from "./daemons/frr.ts";

conversation(frr, {
  hasPassword: true,
  noExport: "noExport",
  usableRoutes: 2,
  asksRefresh: true,
  showsPathIds: true,
  helpsRestart: true,
});
