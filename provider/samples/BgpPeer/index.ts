import * as berth from "@berth/pulumi";
import * as pulumi from "@pulumi/pulumi";

const config = new pulumi.Config();

const speakers = new berth.BgpConf("default", { as: 65000 });
const router = new berth.BgpPeer("router", {
  conf: { neighborAddress: "172.30.0.1", peerAs: 65001 },
  password: config.getSecret("routerPassword"),
});

export const frr = router.routerConfig({
  vendor: "frr",
  as: speakers.as,
  nodes: ["172.30.0.0/24"],
  pools: ["192.0.2.10-192.0.2.40"],
});
