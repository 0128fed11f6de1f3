import { isDeepStrictEqual } from 'node:util'
import type { JsonValue } from '../../event.ts'

/** One place where two JSON Schemas differ. */
export interface SchemaDifference {
  /** From the data on: `data.lines[].cents`. */
  readonly path: string
  /** What is there; `undefined`: nothing. */
  readonly before: JsonValue | undefined
  readonly after: JsonValue | undefined
  /** Data of either schema can be used by readers of the other. */
  readonly isCompatible: boolean
}

// They say something about the data and require nothing of it.
const ANNOTATIONS = new Set([
  '$comment',
  '$id',
  'default',
  'deprecated',
  'description',
  'examples',
  'readOnly',
  'title',
  'writeOnly',
])

type JsonObject = Readonly<Record<string, JsonValue>>

/**
 * Where two JSON Schemas differ, as deep down as that can be said. A property that may be absent can come and go;
 * everything else changes what readers may rely on, in one direction or the other.
 */
export function schemaDifferences(
  before: JsonValue | undefined,
  after: JsonValue | undefined,
  path = 'data',
): readonly SchemaDifference[] {
  const [old, now] = [withoutAnnotations(before), withoutAnnotations(after)]
  if (isDeepStrictEqual(old, now)) return []
  if (!isObject(old) || !isObject(now)) return [{ path, before, after, isCompatible: false }]
  const { properties: oldProperties, required: oldRequired, items: oldItems, ...oldRest } = old
  const { properties, required, items, ...rest } = now
  const differences = [
    ...propertyDifferences(
      { properties: oldProperties, required: oldRequired },
      { properties, required },
      path,
    ),
    ...(isObject(oldItems) && isObject(items) ? schemaDifferences(oldItems, items, `${path}[]`) : []),
  ]
  const isItemsChange = !(isObject(oldItems) && isObject(items)) && !isDeepStrictEqual(oldItems, items)
  if (isItemsChange || !isDeepStrictEqual(oldRest, rest)) {
    const [oldOwn, own] = differingOnly(
      isItemsChange ? { ...oldRest, items: oldItems ?? null } : oldRest,
      isItemsChange ? { ...rest, items: items ?? null } : rest,
    )
    differences.unshift({ path, before: oldOwn, after: own, isCompatible: false })
  }
  return differences
}

interface Properties {
  readonly properties: JsonValue | undefined
  readonly required: JsonValue | undefined
}

function propertyDifferences(
  before: Properties,
  after: Properties,
  path: string,
): readonly SchemaDifference[] {
  const old = isObject(before.properties) ? before.properties : {}
  const now = isObject(after.properties) ? after.properties : {}
  const wasRequired = new Set(Array.isArray(before.required) ? before.required : [])
  const isRequired = new Set(Array.isArray(after.required) ? after.required : [])
  return [...new Set([...Object.keys(old), ...Object.keys(now)])].flatMap(
    (name): readonly SchemaDifference[] => {
      const place = `${path}.${name}`
      const [was, is] = [old[name], now[name]]
      if (was === undefined || is === undefined) {
        const isCompatible = !wasRequired.has(name) && !isRequired.has(name)
        return [{ path: place, before: was, after: is, isCompatible }]
      }
      const inside = schemaDifferences(was, is, place)
      if (wasRequired.has(name) === isRequired.has(name)) return inside
      const word = (required: boolean): string => (required ? 'required' : 'optional')
      const change = { before: word(wasRequired.has(name)), after: word(isRequired.has(name)) }
      return [{ path: place, ...change, isCompatible: false }, ...inside]
    },
  )
}

/** Without the keywords in which two schemas agree. */
function differingOnly(before: JsonObject, after: JsonObject): readonly [JsonObject, JsonObject] {
  const differs = (name: string): boolean => !isDeepStrictEqual(before[name], after[name])
  const only = (schema: JsonObject): JsonObject =>
    Object.fromEntries(Object.entries(schema).filter(([name]) => differs(name)))
  return [only(before), only(after)]
}

function withoutAnnotations(schema: JsonValue | undefined): JsonValue | undefined {
  if (!isObject(schema)) return schema
  return Object.fromEntries(
    Object.entries(schema)
      .filter(([keyword]) => !ANNOTATIONS.has(keyword))
      .map(([keyword, value]) => [keyword, plain(keyword, value)]),
  )
}

/** A schema within a schema may have annotations of its own; the names of properties are none. */
function plain(keyword: string, value: JsonValue): JsonValue {
  if (Array.isArray(value)) {
    if (keyword === 'required' || keyword === 'enum') return value.toSorted(byText)
    return value.map((item: JsonValue) => withoutAnnotations(item) ?? null)
  }
  if (!isObject(value)) return value
  if (keyword === 'const') return value
  if (keyword === 'properties' || keyword === '$defs' || keyword === 'patternProperties') {
    return Object.fromEntries(
      Object.entries(value).map(([name, schema]) => [name, withoutAnnotations(schema) ?? null]),
    )
  }
  return withoutAnnotations(value) ?? null
}

function byText(a: JsonValue, b: JsonValue): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
