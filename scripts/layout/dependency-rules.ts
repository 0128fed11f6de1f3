import { importsOf, packageOf, type ModuleImport } from './imports.ts'
import { isCode, workspacePackages, type Problem, type Rule, type WorkspacePackage } from './workspace.ts'

const scope = '@eventspine/'

/** Packages that may build on every other; they are never built upon. */
const onTop = new Set(['cli', 'studio'])

/** `src` of a package builds on core alone, core on nothing; so adapters never meet each other. */
export const arrows: Rule = (workspace) =>
  workspacePackages(workspace)
    .filter(({ isPublic, shortName }) => isPublic && !onTop.has(shortName))
    .flatMap((one) =>
      importsUnder(one, 'src', workspace.files).flatMap(({ path, specifier }) => {
        const target = packageOf(specifier)
        if (target === undefined || !target.startsWith(scope) || target === one.manifest.name) return []
        if (target === `${scope}core`) return []
        const message = `imports ${target}, but src of ${one.manifest.name} may build on ${scope}core only`
        return [{ rule: 'arrows', path, message }]
      }),
    )

/**
 * A relative import stays in its package: another one is reached by its name, as its users do. Only a test may take
 * another's entry by its path: core's tests need memory, and a dependency on it would close a circle.
 */
export const packageBorders: Rule = (workspace) =>
  workspacePackages(workspace).flatMap((one) =>
    importsUnder(one, '', workspace.files).flatMap(({ path, specifier }) => {
      if (!specifier.startsWith('.')) return []
      const target = new URL(specifier, `file:///${path}`).pathname.slice(1)
      const isTest = path.startsWith(`${one.folder}/test/`)
      if (target.startsWith(`${one.folder}/`) || (isTest && target.endsWith('/src/index.ts'))) return []
      return [
        { rule: 'package-borders', path, message: `imports ${specifier}, which is outside ${one.folder}` },
      ]
    }),
  )

/** What `src` imports is a dependency or a peer; what other files import may be a development dependency too. */
export const declaredDependencies: Rule = (workspace) =>
  workspacePackages(workspace).flatMap((one) => {
    const { name, dependencies, peerDependencies, devDependencies } = one.manifest
    const forUsers = { ...dependencies, ...peerDependencies }
    const forAll = { ...forUsers, ...devDependencies }
    return importsUnder(one, '', workspace.files).flatMap(({ path, specifier }): Problem[] => {
      const target = packageOf(specifier)
      if (target === undefined || target === name) return []
      const isSource = path.startsWith(`${one.folder}/src/`) && one.isPublic
      if (target in (isSource ? forUsers : forAll)) return []
      // The root's own tools, such as vitest, are there for every test.
      if (!isSource && target in rootTools(workspace.files)) return []
      const where = isSource ? 'dependencies or peerDependencies' : 'any dependencies'
      return [{ rule: 'declared-dependencies', path, message: `imports ${target}, which is not in ${where}` }]
    })
  })

function rootTools(files: ReadonlyMap<string, string>): Readonly<Record<string, string>> {
  const root = JSON.parse(files.get('package.json') ?? '{}') as { devDependencies?: Record<string, string> }
  return root.devDependencies ?? {}
}

function importsUnder(
  one: WorkspacePackage,
  part: string,
  files: ReadonlyMap<string, string>,
): readonly (ModuleImport & { readonly path: string })[] {
  const prefix = part === '' ? `${one.folder}/` : `${one.folder}/${part}/`
  return one.files
    .filter((path) => path.startsWith(prefix) && isCode(path))
    .flatMap((path) => importsOf(path, files.get(path) ?? '').map((found) => ({ ...found, path })))
}
