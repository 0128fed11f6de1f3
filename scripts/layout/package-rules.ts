import { isDeepStrictEqual } from 'node:util'
import { parseSync } from 'oxc-parser'
import { workspacePackages, type Problem, type Rule, type WorkspacePackage } from './workspace.ts'

const internal = '@eventspine/'

/** Each public package has a README and one entry whose exports are named. */
export const packageFiles: Rule = (workspace) =>
  publicOnes(workspacePackages(workspace)).flatMap(({ folder, files }) => {
    const needed = ['README.md', 'src/index.ts', 'tsconfig.json', 'tsconfig.build.json']
    const missing = needed.filter((name) => !files.includes(`${folder}/${name}`))
    const problems = missing.map((name) => problem(`${folder}/${name}`, 'is missing'))
    const index = `${folder}/src/index.ts`
    const { program } = parseSync(index, workspace.files.get(index) ?? '')
    const star = program.body.find((node) => node.type === 'ExportAllDeclaration' && node.exported === null)
    return star === undefined
      ? problems
      : [...problems, problem(index, 'names what it exports, without export *')]
  })

/** package.json of a public package says what users and tools rely on. */
export const packageManifests: Rule = (workspace) =>
  publicOnes(workspacePackages(workspace)).flatMap(({ folder, shortName, manifest }) => {
    const path = `${folder}/package.json`
    const expectations: readonly (readonly [string, unknown, unknown])[] = [
      ['name', manifest.name, `${internal}${shortName}`],
      ['type', manifest.type, 'module'],
      ['sideEffects', manifest.sideEffects, false],
      ['license', manifest.license, 'MIT'],
      ['engines.node', manifest.engines?.node, '>=20.19'],
      ['exports["./package.json"]', manifest.exports?.['./package.json'], './package.json'],
    ]
    const wrong = expectations
      .filter(([, actual, expected]) => !isDeepStrictEqual(actual, expected))
      .map(([field, actual, expected]) => problem(path, `${field} is ${show(actual)}, not ${show(expected)}`))
    const absent = (['version', 'description'] as const)
      .filter((field) => (manifest[field] ?? '') === '')
      .map((field) => problem(path, `${field} is missing`))
    const unshipped = ['dist', 'src']
      .filter((name) => !manifest.files?.includes(name))
      .map((name) => problem(path, `files does not hold ${name}`))
    return [...wrong, ...absent, ...unshipped, ...entryPoints(path, manifest.exports ?? {})]
  })

/** Packages of this project depend on each other by `workspace:^`; a peer is tested with a pinned version. */
export const internalDependencies: Rule = (workspace) =>
  publicOnes(workspacePackages(workspace)).flatMap(({ folder, manifest }) => {
    const path = `${folder}/package.json`
    const { dependencies = {}, peerDependencies = {}, devDependencies = {} } = manifest
    const own = [...Object.entries(dependencies), ...Object.entries(devDependencies)]
      .filter(([name, range]) => name.startsWith(internal) && range !== 'workspace:^')
      .map(([name, range]) => problem(path, `${name} is ${show(range)}, not "workspace:^"`))
    // A minor release of a peer forces a major one of all packages that share its version.
    const peers = Object.keys(peerDependencies).flatMap((name) => {
      if (name.startsWith(internal)) return [problem(path, `${name} is a peer; make it a dependency`)]
      return name in devDependencies
        ? []
        : [problem(path, `peer ${name} is no devDependency, so nothing tests it`)]
    })
    return [...own, ...peers]
  })

/** Source first, so that tools asking for it never see the build; the default last, as Node takes the first match. */
function entryPoints(path: string, exports: Readonly<Record<string, unknown>>): readonly Problem[] {
  return Object.entries(exports)
    .filter(([entry]) => entry !== './package.json')
    .flatMap(([entry, target]) => {
      const conditions = typeof target === 'object' && target !== null ? Object.keys(target) : []
      const expected = [`${internal}source`, 'types', 'default']
      if (isDeepStrictEqual(conditions, expected)) return []
      return [problem(path, `exports["${entry}"] has conditions ${show(conditions)}, not ${show(expected)}`)]
    })
}

function publicOnes(packages: readonly WorkspacePackage[]): readonly WorkspacePackage[] {
  return packages.filter(({ isPublic }) => isPublic)
}

function problem(path: string, message: string): Problem {
  return { rule: 'packages', path, message }
}

function show(value: unknown): string {
  return JSON.stringify(value) ?? 'missing'
}
