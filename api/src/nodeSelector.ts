/** A Kubernetes LabelSelector for nodes. @param doc what the nodes that fit it do */
export const nodeSelector = <Doc extends string>(doc: Doc) =>
  ({
    type: "object",
    doc,
    fields: {
      matchLabels: {
        type: "map",
        doc: "Labels and their values, all of which must be there.",
        maxProperties: 64,
        values: { type: "string", doc: "A value.", maxLength: 63 },
      },
      matchExpressions: {
        type: "array",
        doc: "Requirements, all of which must hold.",
        maxItems: 64,
        items: {
          type: "object",
          doc: "One requirement.",
          fields: {
            key: { type: "string", doc: "The label.", required: true, maxLength: 317 },
            operator: {
              type: "string",
              doc: "How it is compared.",
              required: true,
              enum: ["In", "NotIn", "Exists", "DoesNotExist"],
            },
            values: {
              type: "array",
              doc: "For In and NotIn.",
              maxItems: 64,
              items: { type: "string", doc: "A value.", maxLength: 63 },
            },
          },
        },
      },
    },
  }) as const;
