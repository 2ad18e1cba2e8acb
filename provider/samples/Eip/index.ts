import * as berth from "@berth/pulumi";

const office = new berth.Eip("office", {
  address: "192.0.2.10-192.0.2.40",
  exclude: ["192.0.2.20"],
  protocol: "layer2",
  isDefault: true,
});

export const size = office.poolSize;
