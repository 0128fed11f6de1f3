import { abortableDelay, type Backend, type DocumentStore } from '@eventspine/core'
import type { ProjectionTarget } from './projection-target.ts'
import { type Build, collectionOf, groupOf } from './projection-build.ts'
import { dropped, ProjectionCatalogue } from './projection-catalogue.ts'
import { documentsOf } from './read-model.ts'

const DELETES_SIDE_BY_SIDE = 16

export interface DropOptions {
  readonly name: string
  /** How long consumers of the build are given to notice and end. */
  readonly graceMs: number
  readonly pollMs: number
  readonly signal: AbortSignal
}

/** Removes what a build has stored. */
export type RemoveBuild = (build: Build, signal: AbortSignal) => Promise<void>

/**
 * Drops the builds that nobody reads any more. Repeating it finishes what a killed process began. A consumer
 * that has not noticed after `graceMs` can leave documents behind, which nobody reads: build numbers are never
 * used again.
 */
export async function dropBuilds(
  backend: Pick<Backend, 'stream' | 'documents'>,
  options: DropOptions,
  target: Pick<ProjectionTarget<never>, 'remove'>,
): Promise<void> {
  const { name, graceMs, pollMs, signal } = options
  const catalogue = new ProjectionCatalogue(backend.documents, name)
  const record = await catalogue.read()
  if (record === undefined) return
  for (const build of record.dropping) {
    const group = backend.stream.group(groupOf(name, build))
    const deadline = performance.now() + graceMs
    while (!signal.aborted && performance.now() < deadline) {
      if (!(await group.lag()).some(({ owned }) => owned)) break
      await abortableDelay(pollMs, signal)
    }
    if (signal.aborted) return
    await target.remove(build, signal)
    if (signal.aborted) return
    await catalogue.update((current) => dropped(current ?? record, build))
  }
}

/** Deletes the documents of a build; where the backend lists none they stay, and nobody reads them. */
export function removeDocuments(documents: DocumentStore, name: string): RemoveBuild {
  return async (build, signal) => {
    if (documents.capabilities.listing === 'none') return
    const collection = documentsOf(documents, collectionOf(name, build))
    const deleteAll = (keys: readonly string[]) => Promise.all(keys.map((key) => collection.delete(key)))
    let keys: string[] = []
    for await (const { key } of collection.list()) {
      if (signal.aborted) return
      keys.push(key)
      if (keys.length < DELETES_SIDE_BY_SIDE) continue
      await deleteAll(keys)
      keys = []
    }
    await deleteAll(keys)
  }
}
