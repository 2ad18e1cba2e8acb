/** The function, computed once for each object: for what is made of objects that are never changed but replaced. */
export function perObject<T extends object, R>(compute: (object: T) => R): (object: T) => R {
  const known = new WeakMap<T, { readonly result: R }>();
  return (object) => {
    const before = known.get(object);
    if (before !== undefined) return before.result;
    const result = compute(object);
    known.set(object, { result });
    return result;
  };
}
