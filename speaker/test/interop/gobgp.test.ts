import { conversation } from "./conversation.ts";
import { gobgp } from "./daemons/gobgp.ts";

// It keeps what came, and never asks for it again.
conversation(gobgp, {
  hasPassword: true,
  noExport: "65535:65281",
  usableRoutes: 2,
  asksRefresh: false,
  showsPathIds: true,
  helpsRestart: true,
});
