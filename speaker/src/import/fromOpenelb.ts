import { defaultEipAnnotation } from "@berth/api/annotations";
import { type BgpConfSpec, bgpConfSpec } from "@berth/api/bgpConf";
import { type BgpPeerSpec, bgpPeerSpec } from "@berth/api/bgpPeer";
import { type EipSpec, eipSpec } from "@berth/api/eip";
import { type Declared, type Remark, recordOf, type SourceObject, textOf, titleOf } from "./model.ts";

/** What OpenELB's objects come to: the API is the same, so a spec is taken as it is, but for fields that are not in it. */
export interface FromOpenelb {
  readonly bgpConf: BgpConfSpec | undefined;
  readonly eips: readonly Declared<EipSpec>[];
  readonly peers: readonly Declared<BgpPeerSpec>[];
  readonly remarks: readonly Remark[];
}

/** Takes OpenELB's Eips, its BgpConf and its BgpPeers. */
export function fromOpenelb(objects: readonly SourceObject[]): FromOpenelb {
  const own = objects.filter(({ apiVersion }) => apiVersion.startsWith("network.kubesphere.io/"));
  const kind = (wanted: string): SourceObject[] => own.filter((object) => object.kind === wanted);
  const conf = kind("BgpConf").find(({ metadata }) => metadata.name === "default");
  const remarks = own.flatMap((object) => remarksOn(object));
  return {
    bgpConf: conf === undefined ? undefined : (known(conf, bgpConfSpec) as BgpConfSpec),
    eips: kind("Eip").map((object) => ({
      name: object.metadata.name,
      spec: known(object, eipSpec) as unknown as EipSpec,
      ...(object.metadata.annotations?.[defaultEipAnnotation] === "true" ? { isDefault: true } : {}),
    })),
    peers: kind("BgpPeer").map((object) => {
      const spec = known(object, bgpPeerSpec);
      const { authPassword, ...conf } = recordOf(spec["conf"]);
      return {
        name: object.metadata.name,
        spec: { ...spec, conf } as unknown as BgpPeerSpec,
        ...(textOf(authPassword) === undefined ? {} : { passwordFrom: "" }),
      };
    }),
    remarks,
  };
}

function known(object: SourceObject, fields: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object.spec ?? {}).filter(([name]) => name in fields));
}

function remarksOn(object: SourceObject): Remark[] {
  const fields: object | undefined = { Eip: eipSpec, BgpConf: bgpConfSpec, BgpPeer: bgpPeerSpec }[object.kind];
  const about = titleOf(object);
  if (fields === undefined) return [{ about, text: `there is no ${object.kind} in Berth; it was left out`, isSerious: true }];
  const strange = Object.keys(object.spec ?? {}).filter((name) => !(name in fields));
  const password = textOf(recordOf(object.spec?.["conf"])["authPassword"]);
  return [
    ...strange.map((name) => ({ about, text: `spec.${name} is not known; it was left out`, isSerious: false })),
    ...(object.kind === "BgpConf" && object.metadata.name !== "default"
      ? [{ about, text: 'only the BgpConf named "default" counts, in OpenELB and in Berth; it was left out', isSerious: false }]
      : []),
    ...(password === undefined
      ? []
      : [
          {
            about,
            text: `conf.authPassword holds the password in clear; it was not copied: a program takes it as the secret setting ${object.metadata.name}Password; manifests name the Secret ${object.metadata.name}-password, which has to be in Berth's namespace`,
            isSerious: true,
          },
        ]),
    ...(object.kind === "Eip" && object.spec?.["protocol"] === "vip"
      ? [{ about, text: "protocol vip (keepalived) is served by layer2: ARP and NDP, without VRRP", isSerious: false }]
      : []),
  ];
}
