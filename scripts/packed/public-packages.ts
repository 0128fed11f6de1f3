import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { repositoryRoot } from '../repository-root.ts'

/** A package that is published. */
export interface PublicPackage {
  readonly name: string
  readonly version: string
  /** The folder's own name, `core` for `packages/core`. */
  readonly shortName: string
  readonly folder: string
  /** Paths that users may import: `.` and others. */
  readonly entryPoints: readonly string[]
  readonly peerDependencies: Readonly<Record<string, string>>
}

interface Manifest {
  readonly name: string
  readonly version: string
  readonly private?: boolean
  readonly exports: Readonly<Record<string, unknown>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

/** Every package under `packages/` that is not private, by name. */
export function publicPackages(): readonly PublicPackage[] {
  const parent = join(repositoryRoot, 'packages')
  return readdirSync(parent)
    .filter((shortName) => existsSync(join(parent, shortName, 'package.json')))
    .flatMap((shortName) => {
      const folder = join(parent, shortName)
      // Its fields are checked by the layout check.
      const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest
      if (manifest.private) return []
      const { name, version, exports, peerDependencies = {} } = manifest
      const entryPoints = Object.keys(exports).filter((path) => path !== './package.json')
      return [{ name, version, shortName, folder, entryPoints, peerDependencies }]
    })
}

/** The name that pnpm gives the package's archive. */
export function archiveName({ name, version }: PublicPackage): string {
  return `${name.replace('@', '').replace('/', '-')}-${version}.tgz`
}
