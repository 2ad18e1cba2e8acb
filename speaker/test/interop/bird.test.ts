import { it } from "node:test";
import { conversation } from "./conversation.ts";
import { bird } from "./daemons/bird.ts";
import { eventually } from "./testbed.ts";

const abilities = {
  hasPassword: true,
  noExport: "65535:65281",
  usableRoutes: 2,
  asksRefresh: true,
  showsPathIds: false,
  helpsRestart: true,
} as const;
conversation(bird, abilities, (start) => {
  it("is told in words why we leave when the speaker stops, and has lost our routes before", async () => {
    const one = await start();
    one.announce("192.0.2.1");
    await one.learns("192.0.2.1/32");
    await one.speaker.stop();
    await one.learns();
    await eventually(
      "the reason",
      30,
      () =>
        one.testbed.ask(one.testbed.router, ["birdc", "-s", one.testbed.file("bird.ctl"), "show", "protocols", "all", "host"]),
      (seen) => /Received: Administrative shutdown/.test(seen),
    );
  });
});
