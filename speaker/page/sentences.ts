import { checkForms, checkNames } from "./checkSentences.ts";
import type { Language } from "./words.ts";

/**
 * Sentences of the controller and the speakers, as they write them, and in Chinese. Kubernetes has them in English, in conditions and events,
 * so that they are known again here by their form: {0} is one word without spaces, such as a name or an address, {0…} is any text, a sentence
 * of its own or a list. The first form that fits is taken. What has none stays as it is.
 */
const forms: readonly (readonly [english: string, chinese: string])[] = [
  // Addresses.
  ["got {0} from Eip {1}", "获得地址 {0}（来自地址池 {1}）"],
  ["got {0}", "获得地址 {0}"],
  ["gave {0} back", "归还地址 {0}"],
  ["gave {0} back, {1…}", "归还地址 {0}，{1…}"],
  ["is gone", "已删除"],
  ["is gone, {0…}", "已删除，{0…}"],
  ["waits: {0…}", "等待地址：{0…}"],
  ["{0…}; keeps {1…}", "{0…}；保留 {1…}"],
  ["{0…}: there is no Eip {1}; there are none yet", "{0…}：地址池 {1} 不存在；目前没有任何地址池"],
  ["{0…}: there is no Eip {1}; there are {2…}", "{0…}：地址池 {1} 不存在；现有：{2…}"],
  ["{0…} lies in no Eip; name an address of one (none yet), or none", "{0…} 不属于任何地址池；目前没有任何地址池"],
  [
    "{0…} lies in no Eip; name an address of one ({1…}), or none",
    "{0…} 不属于任何地址池；请指定某个地址池（{1…}）中的地址，或不指定",
  ],
  ["{0…}; name another of its addresses, or another Eip", "{0…}；请指定其中的其他地址，或其他地址池"],
  ["{0…} is beyond the range of Eip {1} ({2…})", "{0…} 超出地址池 {1} 的范围（{2…}）"],
  [
    "{0…} is IPv{1}, which spec.ipFamilies does not have; add the family or name another address",
    "{0…} 是 IPv{1} 地址，而 spec.ipFamilies 中没有该协议族；请添加该协议族，或指定其他地址",
  ],
  [
    "no Eip is named by the Service, bound to namespace {0}, or the default one; pools considered: {1…}; name an Eip, bind one, or annotate one with {2…}",
    "服务没有指定地址池，没有地址池绑定到命名空间 {0}，也没有默认地址池；已考虑的地址池：{1…}；请指定或绑定一个地址池，或为其添加注解 {2…}",
  ],
  ["none, there is no Eip", "无，目前没有任何地址池"],
  ["pools considered: {0…}", "已考虑的地址池：{0…}"],
  ["{0} (full)", "{0}（已满）"],
  ["add addresses to an Eip, or free some", "请为地址池添加地址，或释放一些地址"],
  ["raise the limit, or free an address of the namespace", "请提高上限，或释放该命名空间的一个地址"],
  ["set its spec.disable to false, or name another Eip", "请将其 spec.disable 设为 false，或指定其他地址池"],
  ["name or bind another Eip", "请指定或绑定其他地址池"],
  ["Eip {0} is full ({1…}); {2…}", "地址池 {0} 已满（{1…}）；{2…}"],
  ["Eip {0} is full ({1…})", "地址池 {0} 已满（{1…}）"],
  ["Eip {0} is disabled{1…}", "地址池 {0} 已停用{1…}"],
  ["Eip {0} has no IPv{1} address", "地址池 {0} 没有 IPv{1} 地址"],
  [
    "namespace {0} uses {1} of the {2} addresses of Eip {3} that its spec.perNamespaceLimit allows",
    "命名空间 {0} 已使用地址池 {3} 的 spec.perNamespaceLimit 所允许的 {2} 个地址中的 {1} 个",
  ],
  ["the controller has not looked at it yet", "控制器尚未处理"],
  ["has no address yet", "还没有地址"],
  // Foreign hosts.
  ["no foreign host claims {0} any more", "不再有外部主机占用 {0}"],
  ["a foreign host claims {0}: {1…}", "外部主机占用 {0}：{1…}"],
  // Owners.
  ["{0} answers for {1} in place of {2…}: {3…}", "{0} 接替 {2…} 应答 {1}：{3…}"],
  ["{0} answers for {1}: {2…}", "{0} 应答 {1}：{2…}"],
  ["nobody announces {0} any more", "不再有节点宣告 {0}"],
  ["nobody announces {0}: {1…}", "没有节点宣告 {0}：{1…}"],
  ["nobody announces {0}", "没有节点宣告 {0}"],
  ["{0} announces {1}", "{0} 宣告 {1}"],
  ["{0} announces {1}, {2…}", "{0} 宣告 {1}，{2…}"],
  ["{0} does not announce {1} any more", "{0} 不再宣告 {1}"],
  ["{0} does not announce {1} any more, {2…}", "{0} 不再宣告 {1}，{2…}"],
  ["no node has reported yet", "还没有节点报告"],
  ["no node has reported", "没有节点报告"],
  ["rank {0} of {1}", "次序 {0}/{1}"],
  ["looking for who owns it", "正在查找归属节点"],
  ["claimed it, nobody answered for it", "无人应答，已认领"],
  ["its cable was out for a moment", "网线曾短暂断开"],
  ["does not claim it: this node stands back", "不认领：本节点让位"],
  ["nobody took it over in time", "没有节点及时接管"],
  ["not wanted on this node any more", "本节点不再需要该地址"],
  ["the foreign host uses it no more", "外部主机不再使用该地址"],
  ["took over from {0…}, which stopped to answer", "接管自 {0…}，后者停止应答"],
  ["took over from {0…}, which hands over", "接管自 {0…}，后者主动移交"],
  ["took over from {0…}, which gave it up", "接管自 {0…}，后者已放弃"],
  ["took over from {0…}, which had more than its share", "接管自 {0…}，后者的地址超过应有份额"],
  ["handed over to {0…}", "已移交给 {0…}"],
  ["yielded to {0…}, which has owned it for longer", "让位给 {0…}，后者拥有该地址更久"],
  ["yielded to {0…}, which is before this node in the order", "让位给 {0…}，后者次序在前"],
  ["left it to {0}, which claims it", "让给占用该地址的 {0}"],
  ["leaves it to {0}, which uses it", "让给正在使用该地址的 {0}"],
  ["interface {0} is not up", "接口 {0} 未启用"],
  ["interface {0} is up", "接口 {0} 已启用"],
  ["interface {0} is gone", "接口 {0} 已不存在"],
  ["interface {0} is down, or has no carrier", "接口 {0} 已关闭，或没有链路"],
  ["answered until {0} took over, and has not reported since", "在 {0} 接管之前应答，此后没有报告"],
  ["next hop for {0…}, as part of {1}", "{0…} 的下一跳，包含于 {1}"],
  ["next hop for {0…}", "{0…} 的下一跳"],
  ["{0…} owns it", "归属 {0…}"],
  ["{0…} is claiming it", "{0…} 正在认领"],
  ["{0…} started anew", "{0…} 已重新启动"],
  // Nodes that do not announce an address.
  ["the Service has no ready endpoint on any node", "该服务在任何节点上都没有就绪的端点"],
  [
    "node {0} has no ready endpoint, and externalTrafficPolicy is Local",
    "节点 {0} 没有就绪的端点，而 externalTrafficPolicy 为 Local",
  ],
  ["Eip {0}: spec.bgp.nodeSelector does not select node {1}", "地址池 {0} 的 spec.bgp.nodeSelector 未选中节点 {1}"],
  ["node {0} does not fit spec.nodeSelector of Eip {1}", "节点 {0} 不符合地址池 {1} 的 spec.nodeSelector"],
  ["node {0} has no IPv{1} InternalIP to be the next hop", "节点 {0} 没有可作下一跳的 IPv{1} InternalIP"],
  ["node {0} has no interface for {1}", "节点 {0} 没有用于 {1} 的接口"],
  [
    "node {0} has no interface that fits spec.interface {1}; it has {2…}",
    "节点 {0} 没有符合 spec.interface {1} 的接口；现有：{2…}",
  ],
  ["{0} is on the segment of node {1}, where node {2} has no interface", "{0} 位于节点 {1} 的网段，而节点 {2} 在该网段没有接口"],
  ["no BgpPeer that can be used selects this node", "没有可用的 BgpPeer 选中本节点"],
  ["no BgpPeer of this node is among spec.bgp.peers of the Eip", "本节点的 BgpPeer 都不在地址池的 spec.bgp.peers 中"],
  ["no session is up", "没有已建立的会话"],
  // Sessions.
  ["the session is up", "会话已建立"],
  ["the session is down", "会话中断"],
  ["the session is down: {0…}", "会话中断：{0…}"],
  ["the session is not known", "会话状态未知"],
  ["the session is not known: {0…}", "会话状态未知：{0…}"],
  ["its speaker is not Ready; it reported {0} last", "其宣告程序未就绪；最后报告的状态为 {0}"],
  ["no node has reported a session", "没有节点报告会话"],
  // Nodes.
  ["may announce again", "可以再次宣告"],
  ["its speaker is Ready", "其宣告程序已就绪"],
  ["its speaker is not Ready", "其宣告程序未就绪"],
  ["node {0} carries the label {1}", "节点 {0} 带有标签 {1}"],
  ["node {0} is not Ready", "节点 {0} 未就绪"],
  ["the network of node {0} is unavailable", "节点 {0} 的网络不可用"],
  // Health.
  ["{0} leads", "{0} 为主控制器"],
  ["no controller has ever led", "从未有主控制器"],
  ["no controller leads since {0}: nothing new gets an address", "已有 {0} 没有主控制器：新服务得不到地址"],
  ["has not answered for {0…}: all of this is from before", "已有 {0…} 没有应答：以下均为此前的状态"],
  ["no speaker runs", "没有宣告程序在运行"],
  ["{0} of {1} Ready", "{1} 个中 {0} 个就绪"],
  ["nodes without one: {0…}", "没有宣告程序的节点：{0…}"],
  ["{0} may announce", "{0} 个可以宣告"],
  ["{0} excluded by a label", "{0} 个被标签排除"],
  ["{0} in use", "{0} 个在用"],
  ["not looked at yet", "尚未处理"],
  ["{0}: not looked at yet", "{0}：尚未处理"],
  ["{0}: yes", "{0}：已启用"],
  ["{0}: {1} of {2} in use", "{0}：{2} 个地址中 {1} 个在用"],
  ["{0} of {1} in use", "{1} 个地址中 {0} 个在用"],
  ["add addresses to spec.addresses, or free some", "请在 spec.addresses 中添加地址，或释放一些地址"],
  ["no: {0…}", "未启用：{0…}"],
  ["{0}: no: {1…}", "{0}：未启用：{1…}"],
  ["{0} of {1} up", "{1} 个中 {0} 个已建立"],
  ["{0} of {1} up, {2} not known", "{1} 个中 {0} 个已建立，{2} 个未知"],
  ["down: {0…}", "中断：{0…}"],
  ["{0} with an address that is announced", "{0} 个地址已宣告"],
  ["waiting for an address: {0…}", "等待地址：{0…}"],
  ["announced by nobody: {0…}", "无人宣告：{0…}"],
  ["claimed by a foreign host: {0…}", "地址被外部主机占用：{0…}"],
  ["{0} on {1} ({2…})", "{1} 上的 {0}（{2…}）"],
  ["{0} on {1}", "{1} 上的 {0}"],
  ["{0…} and {1} more", "{0…}，另有 {1} 个"],
];

const places = /\{(\d)(…?)\}/g;

const compiled = [...forms, ...checkForms].map(([english, chinese]) => {
  const numbers = [...english.matchAll(places)].map(([, number]) => Number(number));
  const literal = english.split(/\{\d…?\}/).map((text) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const groups = [...english.matchAll(places)].map(([, , more]) => (more === "…" ? "(.+?)" : "([^\\s,;]+?)"));
  const pattern = literal.map((text, index) => text + (groups[index] ?? "")).join("");
  return { pattern: new RegExp(`^${pattern}$`, "su"), numbers, chinese };
});

/** The name of a check in a language. */
export function checkName(language: Language, name: string): string {
  return language === "en" ? name : (checkNames[name] ?? name);
}

/** The page draws the same sentences again and again. */
const known = new Map<string, string>();
const mostKnown = 5000;

/** A sentence of the controller in a language; as it is where it has no other form. */
export function sentence(language: Language, text: string): string {
  if (language === "en" || text === "") return text;
  const found = known.get(text);
  if (found !== undefined) return found;
  if (known.size >= mostKnown) known.clear();
  const made = inChinese(text);
  known.set(text, made);
  return made;
}

function inChinese(text: string): string {
  if (!text.includes(" ")) return text;
  for (const { pattern, numbers, chinese } of compiled) {
    const match = pattern.exec(text);
    if (match === null) continue;
    return chinese.replace(places, (_, number: string, more: string) => {
      const value = match[numbers.indexOf(Number(number)) + 1] ?? "";
      return more === "…" ? inChinese(value) : value;
    });
  }
  return inParts(text, ". ", "。") ?? inParts(text, "; ", "；") ?? inParts(text, ", ", "、") ?? text;
}

/** A list of which something is known; undefined where nothing is. */
function inParts(text: string, between: string, chinese: string): string | undefined {
  const parts = text.split(between);
  const made = parts.length > 1 ? parts.map(inChinese) : parts;
  return made.some((part, index) => part !== parts[index]) ? made.join(chinese) : undefined;
}
