/**
 * A small language for the fields of Kubernetes objects. A field is written once, in `api/`; the TypeScript type, the structural
 * schema of the CRD and the Pulumi schema come from it.
 */

/** A CEL rule of a CRD, evaluated by the API server with `self` as the value it stands on. */
export interface Rule {
  readonly rule: string;
  /** What the API server says when the rule is false. */
  readonly message: string;
  /** A CEL expression that makes a better message, such as one that names the value. */
  readonly messageExpression?: string;
  readonly reason?: "FieldValueInvalid" | "FieldValueForbidden" | "FieldValueRequired" | "FieldValueDuplicate";
}

interface Common {
  /** What the field means, in whole sentences, with units. */
  readonly doc: string;
  readonly required?: true;
  readonly rules?: readonly Rule[];
}

export interface StringField extends Common {
  readonly type: "string";
  readonly enum?: readonly string[];
  readonly default?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  /** "date-time" for instants of status fields. */
  readonly format?: "date-time";
  /** The value must never be shown: Pulumi treats it as a secret. */
  readonly secret?: true;
}
export interface IntegerField extends Common {
  readonly type: "integer";
  readonly minimum?: number;
  readonly maximum?: number;
  readonly default?: number;
}
export interface BooleanField extends Common {
  readonly type: "boolean";
  readonly default?: boolean;
  /** Decides what a Pulumi program makes, so it must be known when the program runs: no output of another resource. */
  readonly plain?: true;
}
export interface ArrayField extends Common {
  readonly type: "array";
  readonly items: Field;
  readonly maxItems?: number;
  /** The key fields of a list of type map. */
  readonly listMapKeys?: readonly string[];
}
export interface MapField extends Common {
  readonly type: "map";
  readonly values: Field;
  readonly maxProperties?: number;
}
export interface ObjectField extends Common {
  readonly type: "object";
  readonly fields: Fields;
}
export type Field = StringField | IntegerField | BooleanField | ArrayField | MapField | ObjectField;
export type Fields = Readonly<Record<string, Field>>;

/** A messageExpression that quotes the value before a text. */
export function quoted(text: string): string {
  return `'"' + self + '" ${text.replaceAll("'", "")}'`;
}

/** The TypeScript type of one field. */
type Value<F> = F extends { readonly type: "string"; readonly enum: readonly (infer E)[] }
  ? E
  : F extends { readonly type: "string" }
    ? string
    : F extends { readonly type: "integer" }
      ? number
      : F extends { readonly type: "boolean" }
        ? boolean
        : F extends { readonly type: "array"; readonly items: infer I }
          ? readonly Value<I>[]
          : F extends { readonly type: "map"; readonly values: infer V }
            ? Readonly<Record<string, Value<V>>>
            : F extends { readonly type: "object"; readonly fields: infer O }
              ? Infer<O>
              : never;

type RequiredKeys<F> = { [K in keyof F]: F[K] extends { readonly required: true } ? K : never }[keyof F];

/** The TypeScript type of an object with these fields: required ones present, the others optional. */
export type Infer<F> = { readonly [K in RequiredKeys<F>]: Value<F[K]> } & {
  readonly [K in Exclude<keyof F, RequiredKeys<F>>]?: Value<F[K]> | undefined;
};

/** The part of an object's metadata that Berth reads and writes. */
export interface ObjectMeta {
  readonly name: string;
  readonly uid?: string;
  readonly generation?: number;
  readonly resourceVersion?: string;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly finalizers?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A cluster-scoped object of our API group. */
export interface ApiObject<Kind extends string, Spec, Status> {
  readonly apiVersion: string;
  readonly kind: Kind;
  readonly metadata: ObjectMeta;
  readonly spec: Spec;
  readonly status?: Status;
}

/** The conditions of a status, as Kubernetes' metav1.Condition has them. */
export const conditionsField = {
  type: "array",
  doc: "What is true of this object now, each with the generation it was observed at.",
  listMapKeys: ["type"],
  items: {
    type: "object",
    doc: "One condition.",
    fields: {
      type: { type: "string", doc: "What the condition is about, in CamelCase.", required: true },
      status: { type: "string", doc: "Whether it holds.", required: true, enum: ["True", "False", "Unknown"] },
      observedGeneration: { type: "integer", doc: "The metadata.generation that the condition was made from." },
      lastTransitionTime: { type: "string", doc: "When status last changed.", required: true, format: "date-time" },
      reason: { type: "string", doc: "One CamelCase word that says why.", required: true },
      message: { type: "string", doc: "A sentence for people.", required: true },
    },
  },
} as const satisfies ArrayField;
