import type { Backend, ConsumerNotice, HandlerContext, Subscription } from '@eventspine/core'
import { file, type FileEvent } from './events.ts'

/** A file as it is now; its key is its stream's id. */
export interface TreeDocument {
  readonly path: string
  readonly pathBase64?: string
  readonly mode: string
  readonly blob: string
}

export const TREE = 'git-tree'

/** One projection for all histories of a store: each event leads to its own document. */
const GROUP = 'git-tree'

/**
 * Keeps the tree of every history in the store as documents, one a file, in the background. The documents and
 * the place up to which events were handled are written as one, so a kill repeats nothing.
 */
export async function projectTree<Native>(
  backend: Backend<Native>,
  onNotice: (notice: ConsumerNotice) => void,
): Promise<Subscription> {
  return await backend.stream.subscribe({
    group: GROUP,
    effects: 'exactly-once',
    // They are committed as one batch, with the group's checkpoint as one more document.
    maxInFlightEvents: Math.min(1000, backend.capabilities.maxBatchDocuments - 1),
    // A run that was killed holds the projection for so long.
    leaseMs: 3000,
    onNotice,
    handlers: file.handlers({
      FileAdded: keep,
      FileModified: keep,
      FileModeChanged: keep,
      FileDeleted: ({ streamId }, { documents }) => documents.delete(TREE, streamId),
    }),
  })
}

function keep({ streamId, data }: FileEvent, { documents }: HandlerContext): void {
  const { path, pathBase64, mode, blob } = data
  const exact = pathBase64 === undefined ? {} : { pathBase64 }
  documents.put(TREE, streamId, { path, ...exact, mode, blob } satisfies TreeDocument, { listed: true })
}
