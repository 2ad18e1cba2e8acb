/**
 * Berth: LoadBalancer Services for bare-metal Kubernetes, as Pulumi resources.
 *
 * @example
 * ```ts
 * import * as berth from "@berth/pulumi";
 *
 * const loadBalancer = new berth.LoadBalancer("berth", { image: "example/berth:0.1.0" });
 * const office = new berth.Eip("office", { address: "192.0.2.10-192.0.2.40", protocol: "layer2" }, { dependsOn: [loadBalancer] });
 * new berth.ExposedService("page", { selector: { app: "page" }, ports: [{ port: 80 }], eip: office.name });
 * ```
 */
export { BgpConf, type BgpConfArgs } from "./bgpConf.ts";
export { BgpPeer, type BgpPeerArgs, type RouterConfigArgs } from "./bgpPeer.ts";
export { Eip, type EipArgs } from "./eip.ts";
export { ExposedService, type ExposedServiceArgs } from "./exposedService.ts";
export { type GetAddressArgs, type GetAddressResult, getAddress, getAddressOutput } from "./getAddress.ts";
export { LoadBalancer, type LoadBalancerArgs } from "./loadBalancer.ts";
export type { RouterVendor } from "./routerConfig/routerConfig.ts";
