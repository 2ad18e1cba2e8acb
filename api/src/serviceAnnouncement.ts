import type { Fields, Infer, ObjectMeta } from "./schema.ts";

/** The API group of what Berth itself adds to OpenELB's kinds. */
export const berthGroup = "berth.dev";
export const berthVersion = "v1alpha1";

/** On a ServiceAnnouncement: the node that reports, so that a speaker reads its own reports alone. */
export const nodeLabel = "berth.dev/node";

/** The fields of ServiceAnnouncement.status: what one node does for one address of one Service. Written on change, never by the clock. */
export const serviceAnnouncementStatus = {
  service: { type: "string", doc: "The Service, in the namespace of this object.", required: true },
  node: { type: "string", doc: "The node that reports.", required: true },
  address: { type: "string", doc: "The address.", required: true },
  protocol: { type: "string", doc: "How it is announced: layer2 or bgp.", required: true },
  announcing: {
    type: "boolean",
    doc: "Whether the node announces the address. false: it says why nobody does, or whom it saw claiming the address.",
    required: true,
  },
  via: { type: "string", doc: "Where: interfaces for layer2, routers for bgp; comma separated." },
  since: { type: "string", doc: "Since when this holds.", required: true, format: "date-time" },
  reason: { type: "string", doc: "One CamelCase word that says why.", required: true },
  message: {
    type: "string",
    doc: "Why, for people: the node's place in the order, from whom it took over, why it does not announce.",
  },
  conflict: {
    type: "object",
    doc: "A host that is not one of Berth's speakers and claims the address too. Absent: nobody does.",
    fields: {
      mac: { type: "string", doc: "The Ethernet address of that host.", required: true },
      interface: { type: "string", doc: "Where it was heard.", required: true },
      since: { type: "string", doc: "When it was first heard.", required: true, format: "date-time" },
    },
  },
} as const satisfies Fields;

export type ServiceAnnouncementStatus = Infer<typeof serviceAnnouncementStatus>;

/** Who announces an address of a Service, on which interface, since when and why: one object for each address and node. In the Service's namespace. */
export interface ServiceAnnouncement {
  readonly apiVersion: string;
  readonly kind: "ServiceAnnouncement";
  readonly metadata: ObjectMeta & { readonly namespace: string };
  readonly status: ServiceAnnouncementStatus;
}
