/** What the checks of "Why" say, in English and in Chinese, in the form of sentences.ts: names of checks, their answers, and what to do. */
export const checkForms: readonly (readonly [english: string, chinese: string])[] = [
  // Answers of the checks.
  [
    "spec.type is {0}; only Services of type LoadBalancer get an address",
    "spec.type 为 {0}；只有 LoadBalancer 类型的服务才会获得地址",
  ],
  ["it is being deleted since {0…}; finalizers of others still hold it", "已在删除中 {0…}；仍被其他程序的 finalizer 保留"],
  ["the Service is Berth's to serve", "该服务由 Berth 处理"],
  [
    "it names no class, and Berth was told not to handle such Services; set spec.loadBalancerClass, or annotate it with {0…}",
    "没有指定类别，而 Berth 被设为不处理此类服务；请设置 spec.loadBalancerClass，或添加注解 {0…}",
  ],
  [
    "spec.loadBalancerClass is {0}; Berth handles none. The field cannot be changed: make the Service anew",
    "spec.loadBalancerClass 为 {0}；Berth 不处理任何类别。该字段不能更改：请重新创建服务",
  ],
  [
    "spec.loadBalancerClass is {0}; Berth handles {1…}. The field cannot be changed: make the Service anew",
    "spec.loadBalancerClass 为 {0}；Berth 处理的类别为 {1…}。该字段不能更改：请重新创建服务",
  ],
  ["it has not answered this controller for {0…}: what follows is from before", "已有 {0…} 没有应答本控制器：以下为此前的状态"],
  [
    "no controller has ever led; are the pods of the Deployment berth-controller running?",
    "从未有主控制器；Deployment berth-controller 的 Pod 是否在运行？",
  ],
  [
    "no controller leads; the last one was heard of {0…} ago: nothing new gets an address, what is given goes on being announced",
    "没有主控制器；上一个主控制器最后的消息在 {0…} 之前：新服务得不到地址，已分配的地址继续宣告",
  ],
  [
    "an address is free for it, and the controller has not given it yet; look at the controller's log",
    "有可用的地址，但控制器尚未分配；请查看控制器的日志",
  ],
  ["{0} belongs to no Eip any more", "{0} 不再属于任何地址池"],
  ["{0} from Eip {1}, shared with {2…}", "{0} 来自地址池 {1}，与 {2…} 共享"],
  ["{0} from Eip {1} and {2} from Eip {3}", "{0}（来自地址池 {1}）和 {2}（来自地址池 {3}）"],
  ["{0} from Eip {1}", "{0} 来自地址池 {1}"],
  ["{0} of {1} used, {2} resting", "{1} 个中 {0} 个在用，{2} 个冷却中"],
  ["{0} of {1} used", "{1} 个中 {0} 个在用"],
  ["no Service with an address of it has the sharing key {0}", "具有其中地址的服务都没有共享键 {0}"],
  [
    "{0…} is in use by {1}, and they share only when both carry the same annotation {2} that one has {3}, this one {4}",
    "{0…} 正被 {1} 使用；只有两者带有相同的注解 {2} 才能共享：对方为 {3}，本服务为 {4}",
  ],
  [
    "{0…} is in use by {1}, which has the same port {2}; give one of them another port",
    "{0…} 正被 {1} 使用，其端口同为 {2}；请为其中一个改用其他端口",
  ],
  [
    "{0…} is in use by {1}, which has another externalTrafficPolicy; give both the same",
    "{0…} 正被 {1} 使用，其 externalTrafficPolicy 不同；请将两者设为相同",
  ],
  [
    "{0…} is in use by {1}, which selects other pods, and both have externalTrafficPolicy Local; give both the same selector or Cluster",
    "{0…} 正被 {1} 使用，它选择其他 Pod，且两者的 externalTrafficPolicy 均为 Local；请设置相同的选择器或 Cluster",
  ],
  [
    "{0…} is in use by {1}, in another namespace; both consent by annotation: {2} with {3} here and {4} there",
    "{0…} 正被另一命名空间的 {1} 使用；双方须以注解同意：{2}，本服务为 {3}，对方为 {4}",
  ],
  ["{0…} cannot be given: {1…}", "无法分配 {0…}：{1…}"],
  [
    "{0} claims {1} on {2} of {3}; find that host and give it another address",
    "{0} 在 {3} 的 {2} 上占用 {1}；请找到该主机并改用其他地址",
  ],
  [
    "no ready endpoint has an {0} address: what is sent to {1} is dropped by the node",
    "没有就绪的端点具有 {0} 地址：发往 {1} 的数据被节点丢弃",
  ],
  [
    "no ready pod has the port {0} that spec.ports names as targetPort of {1}: what is sent there is dropped",
    "没有就绪的 Pod 具有 spec.ports 中 {1} 的 targetPort 所指的端口 {0}：发往该端口的数据被丢弃",
  ],
  ["{0} ready, on no node of the cluster", "{0} 个就绪，不在集群的任何节点上"],
  ["{0} ready, on {1…}", "{0} 个就绪，位于 {1…}"],
  ["{0…}: an address without an endpoint is announced by nobody", "{0…}：没有端点的地址不会被任何节点宣告"],
  ["{0} pod matches, and it is not ready", "有 {0} 个 Pod 匹配，但未就绪"],
  ["{0} pods match, and none is ready", "有 {0} 个 Pod 匹配，但都未就绪"],
  ["the Service has no selector, and nobody made EndpointSlices for it", "该服务没有 selector，也没有人为其创建 EndpointSlice"],
  ["no pod matches the selector {0…}", "没有 Pod 匹配选择器 {0…}"],
  [
    "no speaker runs; is the DaemonSet berth-speaker there, and does its node selector fit a node?",
    "没有宣告程序在运行；DaemonSet berth-speaker 是否存在，其节点选择器是否有匹配的节点？",
  ],
  ["no speaker is Ready ({0…}); look at their logs", "没有宣告程序就绪（{0…}）；请查看其日志"],
  ["not Ready on {0…}; the other {1} go on", "在 {0…} 上未就绪；其余 {1} 个继续工作"],
  ["{0} of {1} are Ready", "{1} 个中 {0} 个就绪"],
  ["node {0} has no Ready speaker", "节点 {0} 没有就绪的宣告程序"],
  [
    "no node with an endpoint (externalTrafficPolicy is Local) may announce: {0…}",
    "没有具有端点的节点（externalTrafficPolicy 为 Local）可以宣告：{0…}",
  ],
  ["no node may announce: {0…}", "没有节点可以宣告：{0…}"],
  ["{0} may announce; not: {1…}", "{0} 个可以宣告；不可以的：{1…}"],
  [
    "{0} with an endpoint (externalTrafficPolicy is Local) may announce",
    "{0} 个具有端点的节点（externalTrafficPolicy 为 Local）可以宣告",
  ],
  ["the Eip is announced by BGP, and there is no BgpConf named {0}", "该地址池由 BGP 宣告，而没有名为 {0} 的 BgpConf"],
  ["spec.as of BgpConf default is 0 or absent: BGP is off", "BgpConf default 的 spec.as 为 0 或未设置：BGP 已关闭"],
  ["there is no BgpPeer: no router is told of the address", "没有 BgpPeer：没有路由器得知该地址"],
  ["no session is up: {0…}", "没有已建立的会话：{0…}"],
  ["{0} is not used: {1…}", "{0} 未被使用：{1…}"],
  ["spec.nodeSelector of BgpPeer {0} selects no node", "BgpPeer {0} 的 spec.nodeSelector 未选中任何节点"],
  [
    "{0} has no password on {1…}: spec.conf.passwordSecretRef names the Secret {2} with the key {3}, and there is none",
    "{0} 在 {1…} 上没有密码：spec.conf.passwordSecretRef 指定了 Secret {2} 的键 {3}，但它不存在",
  ],
  [
    "{0…}; it has a TCP-MD5 password: a router with another, or with none, does not answer at all",
    "{0…}；它设有 TCP-MD5 密码：密码不同或没有密码的路由器完全不会应答",
  ],
  ["{0} is up on no node, down on {1…}", "{0} 未在任何节点上建立，中断：{1…}"],
  ["{0} is up on no node (no node selected, or no speaker)", "{0} 未在任何节点上建立（未选中节点，或没有宣告程序）"],
  ["{0} is up on no node", "{0} 未在任何节点上建立"],
  ["{0} is up on {1…}, down on {2…}", "{0} 在 {1…} 上已建立，中断：{2…}"],
  ["{0} is up on {1…}", "{0} 在 {1…} 上已建立"],
  ["{0…}: no answer from {1} yet ({2})", "{0…}：{1} 尚未应答（{2}）"],
  ["{0} by {1} on {2}: {3…}", "{0} 由 {1} 在 {2} 上宣告：{3…}"],
  ["{0} by {1} on no interface: {2…}", "{0} 由 {1} 宣告：{2…}"],
  ["{0} is announced by {1…}", "{0} 由 {1…} 宣告"],
  ["nobody announces {0…}; {1…}", "没有节点宣告 {0…}；{1…}"],
  ["{0} says: {1…}", "{0} 报告：{1…}"],
  // What if a node left.
  [
    "nobody else may announce it (externalTrafficPolicy is Local: only nodes with an endpoint): the Service goes dark",
    "没有其他节点可以宣告（externalTrafficPolicy 为 Local：仅限具有端点的节点）：该服务将中断",
  ],
  ["nobody else may announce it: the Service goes dark", "没有其他节点可以宣告：该服务将中断"],
  [
    "another of {0…} takes over in under a second (externalTrafficPolicy is Local: only nodes with an endpoint)",
    "{0…} 中的另一个节点在一秒内接管（externalTrafficPolicy 为 Local：仅限具有端点的节点）",
  ],
  ["another of {0…} takes over in under a second", "{0…} 中的另一个节点在一秒内接管"],
  ["routers go on with {0…}", "路由器继续使用 {0…}"],
  [
    "nobody else announces it now; able: {0…} (externalTrafficPolicy is Local: only nodes with an endpoint)",
    "目前没有其他节点宣告；可以宣告的有：{0…}（externalTrafficPolicy 为 Local：仅限具有端点的节点）",
  ],
  ["nobody else announces it now; able: {0…}", "目前没有其他节点宣告；可以宣告的有：{0…}"],
  // What to do.
  ["set spec.type to LoadBalancer", "请将 spec.type 设为 LoadBalancer"],
  [
    "nothing, or see who holds the finalizers: kubectl get service -o yaml",
    "无需操作，或查看是谁的 finalizer：kubectl get service -o yaml",
  ],
  [
    "make the Service anew with one of these classes, or without one where Berth handles such",
    "请以其中一个类别重新创建服务；如果 Berth 处理无类别的服务，也可以不指定类别",
  ],
  [
    "see why no pod of the Deployment berth-controller runs: kubectl get pods,events in Berth's namespace",
    "请查看 Deployment berth-controller 为何没有 Pod 运行：在 Berth 的命名空间中执行 kubectl get pods,events",
  ],
  [
    "see why no pod of the Deployment berth-controller leads: kubectl get pods,events in Berth's namespace, and their logs",
    "请查看 Deployment berth-controller 为何没有主控制器：在 Berth 的命名空间中执行 kubectl get pods,events，并查看其日志",
  ],
  ["correct the annotation or field that the message names", "请更正消息中所指的注解或字段"],
  ["wait a moment; then see the log of the controller that leads", "请稍候；然后查看主控制器的日志"],
  [
    "name an Eip in the annotation {0}, bind one to the namespace, or make one the default",
    "请在注解 {0} 中指定地址池，或将一个地址池绑定到该命名空间，或设置默认地址池",
  ],
  ["make that Eip, or name one that is there", "请创建该地址池，或指定一个已有的地址池"],
  [
    "add addresses to spec.addresses of the Eip, or free some: berth pools",
    "请在地址池的 spec.addresses 中添加地址，或释放一些地址：berth pools",
  ],
  ["name an Eip, or annotate one with {0}", "请指定地址池，或为一个地址池添加注解 {0}"],
  [
    "raise spec.perNamespaceLimit of the Eip, or free an address of the namespace",
    "请提高地址池的 spec.perNamespaceLimit，或释放该命名空间的一个地址",
  ],
  ["set spec.disable of the Eip to false, or name another Eip", "请将地址池的 spec.disable 设为 false，或指定其他地址池"],
  [
    "name another Eip, or see who holds the finalizers of this one: {0…}",
    "请指定其他地址池，或查看是谁的 finalizer 保留着该地址池：{0…}",
  ],
  [
    "name the Eip in the annotation {0}, or set its spec.autoAssign to true",
    "请在注解 {0} 中指定该地址池，或将其 spec.autoAssign 设为 true",
  ],
  [
    "bind the namespace in spec.namespaces of the Eip, or name another Eip",
    "请在地址池的 spec.namespaces 中绑定该命名空间，或指定其他地址池",
  ],
  [
    "set spec.ipFamilies to what the Eip has, or name an Eip with addresses of that family",
    "请将 spec.ipFamilies 设为该地址池所具有的协议族，或指定具有该协议族地址的地址池",
  ],
  [
    "name an address of a family that spec.ipFamilies has, or add IPv{0} there, with spec.ipFamilyPolicy RequireDualStack",
    "请指定 spec.ipFamilies 中协议族的地址，或在其中添加 IPv{0}，并将 spec.ipFamilyPolicy 设为 RequireDualStack",
  ],
  ["name another address of the Eip, or an Eip that has this one", "请指定该地址池中的其他地址，或具有该地址的地址池"],
  ["name an address of an Eip, or add this one to an Eip", "请指定某个地址池中的地址，或将该地址添加到一个地址池"],
  [
    "wait until an address that was freed has rested, a minute unless the controller was told otherwise, or add addresses to spec.addresses of the Eip",
    "请等待已释放的地址冷却完毕（除非控制器另有设置，为一分钟），或在地址池的 spec.addresses 中添加地址",
  ],
  // Sharing: what both Services have to change, then what else would help.
  ["{0…}; or name another address", "{0…}；或指定其他地址"],
  ["{0…}; or add addresses to spec.addresses of Eip {1}", "{0…}；或在地址池 {1} 的 spec.addresses 中添加地址"],
  ["give this Service, or {0}, another port than {1}", "请为该服务或 {0} 改用 {1} 以外的端口"],
  ["give this Service the annotation {0} {1}, as {2} has it", "请为该服务添加与 {2} 相同的注解 {0} {1}"],
  [
    "give a Service with an address of Eip {0} the annotation {1} {2} too, or add addresses to spec.addresses of the Eip",
    "请为具有地址池 {0} 中地址的某个服务也添加注解 {1} {2}，或在该地址池的 spec.addresses 中添加地址",
  ],
  ["give this Service and {0} the same annotation {1}", "请为该服务和 {0} 添加相同的注解 {1}"],
  ["give {0} the annotation {1} {2} too", "请为 {0} 也添加注解 {1} {2}"],
  [
    "set spec.externalTrafficPolicy to {0}, as {1} has it, or let that one have {2} too",
    "请将 spec.externalTrafficPolicy 设为与 {1} 相同的 {0}，或将后者也设为 {2}",
  ],
  [
    "give this Service and {0} the same spec.selector, or set spec.externalTrafficPolicy of both to Cluster",
    "请为该服务和 {0} 设置相同的 spec.selector，或将两者的 spec.externalTrafficPolicy 都设为 Cluster",
  ],
  [
    "add {0} to this Service's annotation {1}, and add {2} to that annotation of {3}",
    "请将 {0} 加入该服务的注解 {1}，并将 {2} 加入 {3} 的同一注解",
  ],
  ["add {0} to this Service's annotation {1}", "请将 {0} 加入该服务的注解 {1}"],
  ["add {0} to the annotation {1} of {2}", "请将 {0} 加入 {2} 的注解 {1}"],
  [
    "name another address, or let both Services share it: the same sharing key, and other ports",
    "请指定其他地址，或让两个服务共享该地址：使用相同的共享键和不同的端口",
  ],
  [
    "correct the Eip: kubectl describe eip has the field and what would be right",
    "请更正地址池：kubectl describe eip 会列出字段和正确的值",
  ],
  ["take the shared addresses out of one of the two Eips", "请从两个地址池之一中移除重叠的地址"],
  [
    "find that host by its Ethernet address and give it another address, or exclude the address from the Eip",
    "请按以太网地址找到该主机并改用其他地址，或在地址池中排除该地址",
  ],
  [
    "see the pods that the Service selects: kubectl get pods -l with its selector, and why they are not Ready",
    "请查看该服务选择的 Pod 为何未就绪：以其选择器执行 kubectl get pods -l",
  ],
  [
    "give the pods addresses of both families (a dual-stack cluster), or take the family out of spec.ipFamilies",
    "请让 Pod 具有两个协议族的地址（双栈集群），或从 spec.ipFamilies 中移除该协议族",
  ],
  [
    "let targetPort of the Service name a port of the pods, or be its number: kubectl get endpointslices -o yaml",
    "请让服务的 targetPort 为 Pod 的端口名或端口号：kubectl get endpointslices -o yaml",
  ],
  [
    "run a pod on a node that may announce, or set externalTrafficPolicy to Cluster",
    "请在可以宣告的节点上运行 Pod，或将 externalTrafficPolicy 设为 Cluster",
  ],
  [
    "see kubectl describe daemonset berth-speaker in Berth's namespace",
    "请在 Berth 的命名空间中执行 kubectl describe daemonset berth-speaker",
  ],
  [
    "see kubectl describe pod and the logs of the speakers: whether their image is there, and whether they reach the API server",
    "请用 kubectl describe pod 和宣告程序的日志确认：镜像是否存在，能否连接 API 服务器",
  ],
  ["take the label {0} off a node", "请从某个节点上移除标签 {0}"],
  ["bring a node back: kubectl describe node", "请恢复一个节点：kubectl describe node"],
  ["see the network plugin of the node", "请检查该节点的网络插件"],
  ["uncordon a node, or let the drain end", "请将一个节点恢复为可调度，或等待排空结束"],
  [
    "let the nodeSelector of the Eip that the message names fit the labels of a node",
    "请让消息中所指地址池的 nodeSelector 匹配某个节点的标签",
  ],
  ["see whether the speaker's NODE_NAME is the name of a Node", "请检查宣告程序的 NODE_NAME 是否为某个 Node 的名称"],
  [
    "let spec.interface of the Eip name an interface of the nodes, or leave it out; berth check has their interfaces",
    "请让地址池的 spec.interface 为节点上的接口，或不设置；berth check 会列出节点的接口",
  ],
  ["correct spec.interface of the Eip", "请更正地址池的 spec.interface"],
  ["make a BgpConf named {0} with spec.as", "请创建名为 {0} 并设有 spec.as 的 BgpConf"],
  ["set spec.as of the BgpConf to the number of your autonomous system", "请将 BgpConf 的 spec.as 设为您的自治系统号"],
  ["make a BgpPeer for each router", "请为每台路由器创建 BgpPeer"],
  [
    "see that the router has each node as a neighbour with these AS numbers, that nothing drops TCP port 179, and that passwords agree: berth bgp peer <name>, and BgpPeer.routerConfig for the other end",
    "请确认路由器以这些 AS 号将每个节点设为邻居，TCP 端口 179 没有被拦截，并且密码一致：berth bgp peer <name>；对端配置见 BgpPeer.routerConfig",
  ],
  [
    "let spec.nodeSelector of the BgpPeer fit the labels of the nodes that shall peer, or leave it out",
    "请让 BgpPeer 的 spec.nodeSelector 匹配应建立会话的节点的标签，或不设置",
  ],
  ["give the node an address of that family, or set spec.bgp.nextHops", "请为节点配置该协议族的地址，或设置 spec.bgp.nextHops"],
  [
    "make the Secret {0} (Berth's namespace, not the Service's) with the router's password under the key {1}, or add that key to it: {2…}; or name the right one in spec.conf.passwordSecretRef of BgpPeer {3}",
    "请创建 Secret {0}（在 Berth 的命名空间中，而不是服务的命名空间），将路由器的密码放在键 {1} 下，或为其添加该键：{2…}；或在 BgpPeer {3} 的 spec.conf.passwordSecretRef 中指定正确的 Secret",
  ],
  [
    "make the Secret that passwordSecretRef names, in Berth's namespace",
    "请在 Berth 的命名空间中创建 passwordSecretRef 所指的 Secret",
  ],
  ["TCP-MD5 takes at most 80 octets; choose a shorter password on both ends", "TCP-MD5 密码最多 80 字节；请在两端改用较短的密码"],
  ["see the logs of the speakers, and berth check", "请查看宣告程序的日志，并执行 berth check"],
  ["berth check, and the logs of Berth's pods, may say more", "berth check 和 Berth 的 Pod 日志可能提供更多信息"],
];

/** The names of the checks; one word of them alone is no sentence, so that they are not among the forms. */
export const checkNames: Readonly<Record<string, string>> = {
  type: "类型",
  deletion: "删除",
  class: "类别",
  "API server": "API 服务器",
  controller: "控制器",
  request: "请求",
  address: "地址",
  conflict: "冲突",
  endpoints: "端点",
  speakers: "宣告程序",
  nodes: "节点",
  "bgp configuration": "BGP 配置",
  "bgp sessions": "BGP 会话",
  announced: "宣告",
};
