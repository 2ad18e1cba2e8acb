import * as berth from "@berth/pulumi";

const office = new berth.Eip("office", {
  address: "192.0.2.10-192.0.2.40",
  exclude: ["192.0.2.20"],
  protocol: "layer2",
  isDefault: true,
});

export const size = office.poolSize;
export const gateway = office.addressAt({ index: -1 });
export const isOfOffice = office.contains({ address: "192.0.2.20" });
export const reserved = berth.getAddressOutput({ addresses: ["2001:db8::/64"], index: 9 }).address;
