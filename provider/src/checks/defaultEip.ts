import { defaultEipAnnotation } from "@berth/api/annotations";
import { type KnownArgs, type Problem, record, unknown } from "./problem.ts";

/** Which Eip is the one of Services that name none: by its argument, or by the annotation that the argument stands for. */

/** Whether an Eip surely wants to be the default one. An annotation that is given counts more than the argument, as in the object. */
export function isDefaultEip(args: KnownArgs): boolean {
  const annotation = annotationOf(args);
  return annotation === undefined ? args["isDefault"] === true : isTrue(annotation);
}

/** That an Eip wants to be the default one beside another. @param other the resource that is it already */
export function secondDefault(args: KnownArgs, other: string): Problem[] {
  const annotation = annotationOf(args);
  return annotation === undefined
    ? [{ propertyPath: "isDefault", reason: `true: Eip "${other}" is the default one already; only one can be` }]
    : [
        {
          propertyPath: `annotations["${defaultEipAnnotation}"]`,
          reason: `"${String(annotation)}": Eip "${other}" is the default one already, this one is not; remove the annotation from one of them`,
        },
      ];
}

function annotationOf({ annotations }: KnownArgs): unknown {
  return annotations === unknown ? unknown : record(annotations)[defaultEipAnnotation];
}

/** As the controller reads it. */
function isTrue(annotation: unknown): boolean {
  return typeof annotation === "string" && annotation.toLowerCase() === "true";
}
