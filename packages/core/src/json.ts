import { invalidArgument } from './error.ts'

/** Nesting that every backend's JSON parser takes without a stack overflow. */
const MAX_DEPTH = 200

/**
 * Checks that `value` comes back deep-equal from JSON and returns its text, which holds no raw line break.
 * (`-0` comes back as `0`.)
 *
 * @throws {@link EventStoreError} `INVALID_ARGUMENT` naming the path of what JSON cannot hold: `undefined`,
 *   functions, symbols, `BigInt`, `NaN`, infinities, integers beyond 2^53, dates, maps and other class
 *   instances, sparse arrays, cycles, a `__proto__` key, nesting deeper than 200.
 */
export function encodeJson(value: unknown, field: string): string {
  checkValue(value, field, [])
  return JSON.stringify(value)
}

/** Refuses as {@link encodeJson} does. `path` is built only on the way to an error's message. */
function checkValue(value: unknown, field: string, ancestors: object[]): void {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return
    case 'number':
      if (!Number.isFinite(value)) throw invalidArgument(field, `${value} has no JSON form`)
      if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
        throw invalidArgument(field, 'integers beyond 2^53 lose digits; store them as strings')
      }
      return
    case 'object':
      if (value !== null) checkObject(value, field, ancestors)
      return
    default:
      throw invalidArgument(field, `${typeof value} has no JSON form`)
  }
}

function checkObject(value: object, field: string, ancestors: object[]): void {
  if (ancestors.length >= MAX_DEPTH) throw invalidArgument(field, `is nested deeper than ${MAX_DEPTH}`)
  if (ancestors.includes(value)) throw invalidArgument(field, 'refers to itself')
  ancestors.push(value)
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      const item: unknown = value[index]
      if (!isScalar(item)) checkValue(item, `${field}[${index}]`, ancestors)
    }
  } else {
    const prototype: unknown = Object.getPrototypeOf(value)
    if (prototype !== Object.prototype && prototype !== null && !isForeignPlain(prototype)) {
      throw invalidArgument(
        field,
        `${value.constructor?.name ?? 'a class instance'} does not come back from JSON as it was`,
      )
    }
    if (Object.getOwnPropertySymbols(value).length > 0)
      throw invalidArgument(field, 'symbol keys have no JSON form')
    for (const key of Object.keys(value)) {
      if (key === '__proto__') throw invalidArgument(`${field}.__proto__`, 'is not allowed as a key')
      // Sound: the key is one of its own.
      const item = (value as Readonly<Record<string, unknown>>)[key]
      if (!isScalar(item)) checkValue(item, `${field}.${key}`, ancestors)
    }
    // A property under this name would replace what is stored by what it returns.
    if (typeof (value as { toJSON?: unknown }).toJSON === 'function')
      throw invalidArgument(field, 'toJSON is not allowed')
  }
  ancestors.pop()
}

/** The scalars that need no more checks make up most of all data: they cost no path and no call. */
function isScalar(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'boolean' || Number.isSafeInteger(value)
}

/** A plain object of another realm (a vm context, a worker's clone) has another `Object.prototype`. */
function isForeignPlain(prototype: unknown): boolean {
  return (
    typeof prototype === 'object' &&
    prototype !== null &&
    Object.getPrototypeOf(prototype) === null &&
    Object.hasOwn(prototype, 'hasOwnProperty')
  )
}
