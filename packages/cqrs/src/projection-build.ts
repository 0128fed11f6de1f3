/** One derivation of a projection's documents from the start of the feed. */
export interface Build {
  /** Of the definition that it follows from. */
  readonly version: number
  /** Rises with each build of a projection, so that no name of one is ever used again. */
  readonly number: number
  /** Of the definition. */
  readonly fingerprint: string
}

/** What a build is called behind the projection's name; the first needs no number. */
function labelOf({ version, number }: Pick<Build, 'version' | 'number'>): string {
  return number === 1 ? String(version) : `${version}.${number}`
}

/** The collection of a build's documents. */
export function collectionOf(name: string, build: Pick<Build, 'version' | 'number'>): string {
  return `projection:${name}@${labelOf(build)}`
}

/** The consumer group of a build. */
export function groupOf(group: string, build: Pick<Build, 'version' | 'number'>): string {
  return `${group}@${labelOf(build)}`
}

export function isSameBuild(a: Build | null | undefined, b: Build): boolean {
  return a?.number === b.number
}
