declare const brand: unique symbol;

/** A value of type `T` that only its own constructor functions make, so that two numbers of different meaning never mix. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };
