import type { Check } from "./question.ts";

/** What to do about each reason, as one sentence without a capital: the same word as in conditions and events. */
const remedies: Readonly<Record<string, string>> = {
  NotLoadBalancer: "set spec.type to LoadBalancer",
  Deleting: "nothing, or see who holds the finalizers: kubectl get service -o yaml",
  NotOurs: "make the Service anew with one of these classes, or without one where Berth handles such",
  NoController: "see why no pod of the Deployment berth-controller runs: kubectl get pods,events in Berth's namespace",
  ControllerGone:
    "see why no pod of the Deployment berth-controller leads: kubectl get pods,events in Berth's namespace, and their logs",
  InvalidAddress: "correct the annotation or field that the message names",
  NotYet: "wait a moment; then see the log of the controller that leads",
  NoEip: "name an Eip in the annotation eip.openelb.kubesphere.io/v1alpha2, bind one to the namespace, or make one the default",
  EipNotFound: "make that Eip, or name one that is there",
  EipFull: "add addresses to spec.addresses of the Eip, or free some: berth pools",
  QuotaExceeded: "raise spec.perNamespaceLimit of the Eip, or free an address of the namespace",
  Disabled: "set spec.disable of the Eip to false, or name another Eip",
  OnlyOnRequest: "name the Eip in the annotation eip.openelb.kubesphere.io/v1alpha2, or set its spec.autoAssign to true",
  NamespaceNotAllowed: "bind the namespace in spec.namespaces of the Eip, or name another Eip",
  NotDefault: "name an Eip, or annotate one with eip.openelb.kubesphere.io/is-default-eip",
  WrongFamily: "set spec.ipFamilies to what the Eip has, or name an Eip with addresses of that family",
  AddressOutsideEip: "name another address of the Eip, or an Eip that has this one",
  AddressOutsideEips: "name an address of an Eip, or add this one to an Eip",
  AddressInUse: "name another address, or let both Services share it: the same sharing key, and other ports",
  Invalid: "correct the Eip: kubectl describe eip has the field and what would be right",
  Overlapping: "take the shared addresses out of one of the two Eips",
  ForeignHost: "find that host by its Ethernet address and give it another address, or exclude the address from the Eip",
  NoEndpoint: "see the pods that the Service selects: kubectl get pods -l with its selector, and why they are not Ready",
  NoEndpointOfFamily:
    "give the pods addresses of both families (a dual-stack cluster), or take the family out of spec.ipFamilies",
  NoEndpointPort: "let targetPort of the Service name a port of the pods, or be its number: kubectl get endpointslices -o yaml",
  NoLocalEndpoint: "run a pod on a node that may announce, or set externalTrafficPolicy to Cluster",
  NoSpeaker: "see kubectl describe daemonset berth-speaker in Berth's namespace",
  NoSpeakerReady:
    "see kubectl describe pod and the logs of the speakers: whether their image is there, and whether they reach the API server",
  NodeExcluded: "take the label node.kubernetes.io/exclude-from-external-load-balancers off a node",
  NodeNotReady: "bring a node back: kubectl describe node",
  NodeNetworkUnavailable: "see the network plugin of the node",
  NodeDraining: "uncordon a node, or let the drain end",
  NodeNotSelected: "let the nodeSelector of the Eip that the message names fit the labels of a node",
  NodeUnknown: "see whether the speaker's NODE_NAME is the name of a Node",
  NoInterface: "let spec.interface of the Eip name an interface of the nodes, or leave it out; berth check has their interfaces",
  BadInterface: "correct spec.interface of the Eip",
  NoBgpConf: 'make a BgpConf named "default" with spec.as',
  NoAs: "set spec.as of the BgpConf to the number of your autonomous system",
  NoBgpPeer: "make a BgpPeer for each router",
  NoSession:
    "see that the router has each node as a neighbour with these AS numbers, that nothing drops TCP port 179, and that passwords agree: berth bgp peer <name>, and BgpPeer.routerConfig for the other end",
  PeerSelectsNoNode: "let spec.nodeSelector of the BgpPeer fit the labels of the nodes that shall peer, or leave it out",
  NoNextHop: "give the node an address of that family, or set spec.bgp.nextHops",
  NoPassword: "make the Secret that passwordSecretRef names, in Berth's namespace",
  InvalidPassword: "TCP-MD5 takes at most 80 octets; choose a shorter password on both ends",
  NotAnnounced: "see the logs of the speakers, and berth check",
};

/** A check with what to do about it, where it is a problem: what the check itself knows, else what its reason tells. */
export function withRemedy(check: Check): Check {
  if (check.verdict !== "problem") return check;
  return {
    ...check,
    remedy: check.remedy ?? remedies[check.reason] ?? "berth check, and the logs of Berth's pods, may say more",
  };
}
