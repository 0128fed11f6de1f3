/** The project as the layout rules see it: paths from its root, with `/`, and what the files hold. */
export interface Workspace {
  /** Every text file that is or would be in version control. */
  readonly files: ReadonlyMap<string, string>
  /** Registry hosts and folders of this machine, which must not get into the project. */
  readonly forbiddenWords: readonly string[]
}

/** One violation. */
export interface Problem {
  readonly rule: string
  readonly path: string
  readonly message: string
}

/** A rule of the layout: looks at everything, reports what is wrong. */
export type Rule = (workspace: Workspace) => readonly Problem[]

/** A package of the workspace. */
export interface WorkspacePackage {
  /** Such as `packages/core`. */
  readonly folder: string
  /** Such as `core`. */
  readonly shortName: string
  /** Under `packages/` and not private. */
  readonly isPublic: boolean
  readonly manifest: PackageManifest
  /** Paths of its files, from the root of the project. */
  readonly files: readonly string[]
}

/** The fields of a package.json that rules look at; each may be missing or wrong in a file that people write. */
export interface PackageManifest {
  readonly name?: string
  readonly private?: boolean
  readonly type?: string
  readonly sideEffects?: boolean
  readonly license?: string
  readonly description?: string
  readonly version?: string
  readonly engines?: { readonly node?: string }
  readonly files?: readonly string[]
  readonly exports?: Readonly<Record<string, unknown>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

/** All packages of the workspace, by their folders. */
export function workspacePackages({ files }: Workspace): readonly WorkspacePackage[] {
  const manifests = [...files.keys()].filter((path) =>
    /^(?:(?:packages|examples|tooling)\/[^/]+|benchmarks)\/package\.json$/.test(path),
  )
  return manifests.toSorted().map((path) => {
    const folder = path.slice(0, -'/package.json'.length)
    const manifest = JSON.parse(files.get(path) ?? '{}') as PackageManifest // All fields are optional.
    return {
      folder,
      shortName: folder.slice(folder.lastIndexOf('/') + 1),
      isPublic: folder.startsWith('packages/') && manifest.private !== true,
      manifest,
      files: [...files.keys()].filter((file) => file.startsWith(`${folder}/`)),
    }
  })
}

/** Whether the path is TypeScript or JavaScript. */
export function isCode(path: string): boolean {
  return /\.[cm]?[jt]sx?$/.test(path)
}
