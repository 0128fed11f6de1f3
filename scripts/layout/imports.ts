import { parseSync } from 'oxc-parser'

/** One import or re-export of a module. */
export interface ModuleImport {
  readonly specifier: string
  /** True when only types are taken, so that nothing is loaded at run time. */
  readonly typeOnly: boolean
}

const parsed = new Map<string, readonly ModuleImport[]>()

/** Every module that the code imports, re-exports or loads by `import()` with a plain string. */
export function importsOf(path: string, source: string): readonly ModuleImport[] {
  const key = `${path}\n${source}`
  const known = parsed.get(key)
  if (known !== undefined) return known
  const found = parseImports(path, source)
  parsed.set(key, found)
  return found
}

/** The package of a specifier: `@scope/name/part` gives `@scope/name`; a path or a module of Node gives nothing. */
export function packageOf(specifier: string): string | undefined {
  if (specifier.startsWith('.') || specifier.startsWith('/') || specifier.startsWith('node:'))
    return undefined
  const parts = specifier.split('/')
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0]
}

function parseImports(path: string, source: string): readonly ModuleImport[] {
  const { module, errors } = parseSync(path, source)
  const [error] = errors
  if (error !== undefined) throw new Error(`${path} cannot be parsed: ${error.message}`)
  const imports = module.staticImports.map(({ moduleRequest, entries }) => ({
    specifier: moduleRequest.value,
    typeOnly: entries.length > 0 && entries.every(({ isType }) => isType),
  }))
  const exports = module.staticExports.flatMap(({ entries }) =>
    entries.flatMap(({ moduleRequest, isType }) =>
      moduleRequest === null ? [] : [{ specifier: moduleRequest.value, typeOnly: isType }],
    ),
  )
  const dynamic = module.dynamicImports.flatMap(({ moduleRequest }) => {
    const text = source.slice(moduleRequest.start, moduleRequest.end)
    const literal = /^(['"])(.*)\1$/.exec(text)?.[2]
    return literal === undefined ? [] : [{ specifier: literal, typeOnly: false }]
  })
  return [...imports, ...exports, ...dynamic]
}
