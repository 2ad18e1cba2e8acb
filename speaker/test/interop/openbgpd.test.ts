import { conversation } from "./conversation.ts";
import { openbgpd } from "./daemons/openbgpd.ts";

// Over IPv4 its IPv6 routes have the next hop ::1, which nobody can use; and the other way round.
conversation(openbgpd, {
  hasPassword: true,
  noExport: "NO_EXPORT",
  usableRoutes: 1,
  asksRefresh: true,
  showsPathIds: true,
  helpsRestart: true,
});
