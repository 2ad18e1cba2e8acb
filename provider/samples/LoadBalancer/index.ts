import * as berth from "@berth/pulumi";

const loadBalancer = new berth.LoadBalancer("berth", { image: "example/berth:0.1.0", logLevel: "info" });

export const namespace = loadBalancer.namespace;
