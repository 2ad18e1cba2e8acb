/** Every annotation and label that Berth reads or writes. The keys are OpenELB's, MetalLB's or Kubernetes' where one of them has it. */

/** On a Service: "openelb" asks for an address. OpenELB's opt-in; not needed when classless Services are handled. */
export const loadBalancerAnnotation = "lb.kubesphere.io/v1alpha1";
export const loadBalancerAnnotationValue = "openelb";

/** On a Service: the name of the Eip to take the address from. */
export const eipAnnotation = "eip.openelb.kubesphere.io/v1alpha2";

/** On a Service: the address to take; stronger than spec.loadBalancerIP. */
export const addressAnnotation = "eip.openelb.kubesphere.io/v1alpha1";

/** On an Eip: "true" makes it the pool of Services that name none. */
export const defaultEipAnnotation = "eip.openelb.kubesphere.io/is-default-eip";

/** On a Service: Services with the same value may share an address when their ports do not clash. */
export const sharingKeyAnnotation = "berth.dev/sharing-key";

/** On a Service: namespaces, comma separated, whose Services may share this one's address; both sides must name each other. */
export const shareWithNamespacesAnnotation = "berth.dev/share-with-namespaces";

/** What OpenELB puts on its objects and on Services. Berth has no finalizers; it takes these off objects that are being deleted. */
export const openelbFinalizers: readonly string[] = [
  "finalizer.ipam.kubesphere.io/v1alpha1",
  "finalizer.lb.kubesphere.io/v1alpha1",
  "node-proxy.openelb.kubesphere.io/finalizer",
];

/** MetalLB's, for people who move; the newer domain first. */
export const metallbPoolAnnotations = ["metallb.io/address-pool", "metallb.universe.tf/address-pool"] as const;
export const metallbAddressAnnotations = ["metallb.io/loadBalancerIPs", "metallb.universe.tf/loadBalancerIPs"] as const;
export const metallbSharingAnnotations = ["metallb.io/allow-shared-ip", "metallb.universe.tf/allow-shared-ip"] as const;

/** On a Node: the rack it is in. */
export const rackLabel = "openelb.kubesphere.io/rack";

/** On a BgpConf or BgpPeer: somebody else, such as the CNI, does BGP with it. OpenELB's. */
export const cniLabel = "openelb.kubesphere.io/cni";

/** On a Node: no load-balanced traffic here. @see https://kubernetes.io/docs/reference/labels-annotations-taints/ */
export const excludeNodeLabel = "node.kubernetes.io/exclude-from-external-load-balancers";

/** The class that names Berth in spec.loadBalancerClass. */
export const loadBalancerClass = "berth.dev/berth";
