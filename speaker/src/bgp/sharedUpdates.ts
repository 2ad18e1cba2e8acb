import type { EncodeContext } from "./encode.ts";
import type { RouteFamily } from "./family.ts";
import { diffRoutes, encodeDiff, encodeRoutes, pathsFor, type RibDiff, type Routes, routesOf } from "./ribOut.ts";

/** Nothing: what a peer was told before its session came up. One object, so that all peers that know nothing are told the same. */
export const noRoutes: Routes = routesOf([]);

type Messages = readonly Uint8Array[];

/**
 * The UPDATEs of peers, made once for all that were told the same, should know the same, and take it in the same form.
 * Most peers of a node are such: with four of them a change costs a quarter, and the octets are in memory once.
 */
export class SharedUpdates {
  /** Whole tables, as long as the table is somebody's. */
  readonly #whole = new WeakMap<Routes, Map<string, Messages>>();
  readonly #paths = new WeakMap<Routes, Map<string, Routes>>();
  #last:
    | {
        readonly told: Routes;
        readonly wanted: Routes;
        readonly differences: Map<string, RibDiff>;
        readonly made: Map<string, Messages>;
      }
    | undefined;

  /** What is told to a peer that takes several paths in some families only: one table for all such peers. */
  pathsFor(paths: Routes, addPathSend: readonly RouteFamily[]): Routes {
    const made = this.#paths.get(paths) ?? new Map<string, Routes>();
    this.#paths.set(paths, made);
    return remembered(made, String(addPathSend), () => pathsFor(paths, addPathSend));
  }

  /** What makes a peer that was told some routes know others. */
  between(told: Routes, wanted: Routes, families: readonly RouteFamily[], context: EncodeContext): Messages {
    if (told === wanted) return [];
    if (told.size === 0) return this.whole(wanted, families, context);
    if (this.#last?.told !== told || this.#last.wanted !== wanted)
      this.#last = { told, wanted, differences: new Map(), made: new Map() };
    const { differences, made } = this.#last;
    const { addPathSend } = context;
    return remembered(made, keyOf(families, context), () =>
      encodeDiff(
        remembered(differences, String(addPathSend), () => diffRoutes(told, wanted, addPathSend)),
        families,
        context,
      ),
    );
  }

  /** Every route of some families, without a marker behind it. */
  whole(routes: Routes, families: readonly RouteFamily[], context: EncodeContext): Messages {
    const made = this.#whole.get(routes) ?? new Map<string, Messages>();
    this.#whole.set(routes, made);
    return remembered(made, keyOf(families, context), () => encodeRoutes(routes.values(), families, context));
  }

  /** Lets go of the last difference: nobody else will ask for it. */
  forget(): void {
    this.#last = undefined;
  }
}

const keyOf = (families: readonly RouteFamily[], context: EncodeContext): string => {
  const { isFourOctetAs, maxLength, addPathSend, onlyToCustomer } = context;
  return `${families} ${isFourOctetAs} ${maxLength} ${addPathSend} ${onlyToCustomer}`;
};

function remembered<T>(made: Map<string, T>, key: string, make: () => T): T {
  const known = made.get(key) ?? make();
  made.set(key, known);
  return known;
}
