import * as berth from "@berth/pulumi";
import * as pulumi from "@pulumi/pulumi";

const config = new pulumi.Config();

new berth.BgpPeer("router", {
  conf: { neighborAddress: "172.30.0.1", peerAs: 65001 },
  password: config.getSecret("routerPassword"),
});
