import { type CheckFacts, type CheckRow, fine, noted, type RunningPod, some, untold, wrong } from "./model.ts";

/** A program that gives or announces addresses of Services, and how its pods are known. */
interface Other {
  readonly name: string;
  readonly image: RegExp;
  /** Whether it is in Berth's way as it runs; undefined: it is. */
  readonly when?: (pods: readonly RunningPod[], facts: CheckFacts) => boolean;
  readonly remedy: string;
}

const wordsOf = (pods: readonly RunningPod[]): string =>
  pods.flatMap(({ spec }) => (spec?.containers ?? []).flatMap(({ args = [], command = [] }) => [...command, ...args])).join(" ");

const others: readonly Other[] = [
  {
    name: "MetalLB",
    image: /(^|\/)metallb\/|metallb-(speaker|controller)/,
    when: (pods) => !/--lb-class=?\s*\S/.test(wordsOf(pods)),
    remedy:
      "bring its Services over with `berth import` and uninstall it, or give it a class of its own (--lb-class) and set handleClassless: false on Berth's LoadBalancer",
  },
  {
    name: "OpenELB",
    image: /openelb-(controller|speaker|manager)|(^|\/)openelb[:@/]|porter-manager/,
    remedy:
      "both serve the same Eips: scale its controller to 0 and delete its speakers, as docs/migrating.md says; nothing is lost by it",
  },
  {
    name: "kube-vip",
    image: /(^|\/)kube-vip(:|@|$|-cloud-provider)/,
    when: (pods, facts) =>
      pods.some(({ spec }) => (spec?.containers ?? []).some(({ image = "" }) => image.includes("cloud-provider"))) ||
      !/lb_?class/i.test(wordsOf(pods)) === facts.cluster.scope.handlesClassless,
    remedy: "set svc_enable=false on kube-vip where it only serves the control plane, or give one of the two a loadBalancerClass",
  },
  { name: "PureLB", image: /purelb\/|lbnodeagent/, remedy: "uninstall it, or give one of the two a loadBalancerClass" },
  {
    name: "ServiceLB (k3s)",
    image: /klipper-lb/,
    remedy: "start k3s with --disable servicelb: otherwise it writes addresses of nodes into the status of the same Services",
  },
  {
    name: "Cilium",
    image: /cilium\/cilium(-ci)?[:@]/,
    when: (_, { cilium }) =>
      cilium?.data?.["enable-l2-announcements"] === "true" || cilium?.data?.["enable-bgp-control-plane"] === "true",
    remedy:
      "turn off enable-l2-announcements and enable-bgp-control-plane in cilium-config, or give Cilium's pools a class of their own",
  },
  {
    name: "kube-router",
    image: /cloudnativelabs\/kube-router/,
    when: (pods) =>
      /--advertise-loadbalancer-ip(=true)?(\s|$)/.test(wordsOf(pods)) || /--run-router(=true)?(\s|$)/.test(wordsOf(pods)),
    remedy:
      "it peers with routers from the same addresses: start it without --advertise-loadbalancer-ip, or set another listenPort in the BgpConf and peer from Berth alone",
  },
];

/** Whether another implementation gives or announces addresses in the same cluster. */
export function conflictRows(facts: CheckFacts): CheckRow[] {
  const name = "other implementations";
  if (facts.pods === undefined)
    return [untold(name, "pods of other namespaces cannot be read", "look with the right to list pods in all namespaces")];
  const rows = others.flatMap((other): CheckRow[] => {
    const pods = (facts.pods ?? []).filter(({ spec }) =>
      (spec?.containers ?? []).some(({ image = "" }) => other.image.test(image)),
    );
    if (pods.length === 0) return [];
    const places = [...new Set(pods.map(({ metadata }) => metadata.namespace ?? "default"))];
    const nodes = [...new Set(pods.flatMap(({ spec }) => spec?.nodeName ?? []))];
    const seen = `${other.name} runs in ${some(places)}${nodes.length > 0 ? ` on ${some(nodes)}` : ""}`;
    const isInTheWay = other.when?.(pods, facts) ?? true;
    return isInTheWay
      ? [wrong(name, `${seen}: two programs may answer for one Service`, other.remedy)]
      : [noted(name, `${seen}; as it is configured it leaves Berth's Services alone`, "")];
  });
  const calico = facts.pods.filter(({ spec }) =>
    (spec?.containers ?? []).some(({ image = "" }) => /calico\/node[:@]/.test(image)),
  );
  if (calico.length > 0 && facts.cluster.bgpPeers.length > 0)
    rows.push(
      noted(
        name,
        "Calico's BIRD may hold port 179 and peer with the same routers, which accept one session from an address",
        "set spec.listenPort of the BgpConf to another port, and let Calico announce Berth's addresses or peer it elsewhere",
      ),
    );
  return rows.length > 0 ? rows : [fine(name, "none was found")];
}
