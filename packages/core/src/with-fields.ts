/**
 * `{ ...base, ...fields }`, for paths that every event takes. Of a spread that adds something V8 makes a new hidden
 * class each time in Node 20, which costs 1.5 µs there and slows every later read of the object down.
 */
export function withFields<Base extends object, Fields extends object>(
  base: Base,
  fields: Fields,
): Omit<Base, keyof Fields> & Fields {
  return Object.assign({}, base, fields)
}
