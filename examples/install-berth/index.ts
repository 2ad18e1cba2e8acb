import * as berth from "@berth/pulumi";
import * as pulumi from "@pulumi/pulumi";

const config = new pulumi.Config();

const loadBalancer = new berth.LoadBalancer("berth", {
  image: config.require("image"),
  keepCrds: config.requireBoolean("keepCrds"),
});

export const namespace = loadBalancer.namespace;
