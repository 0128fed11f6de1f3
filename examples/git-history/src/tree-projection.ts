import type { Backend, ConsumerNotice, DocumentStore, HandlerContext, Subscription } from '@eventspine/core'
import { readModel, runProjection } from '@eventspine/cqrs'
import { file, type FileEvent } from './events.ts'
import { stampedTree, toDocument } from './stamped-tree.ts'

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
 * the place up to which events were handled are written as one, so a kill repeats nothing; where a backend cannot, each
 * document says how far it is.
 */
export async function projectTree<Native>(
  backend: Backend<Native>,
  onNotice: (notice: ConsumerNotice) => void,
): Promise<Subscription> {
  // A run that was killed holds the projection for so long.
  const leaseMs = 3000
  if (isStamped(backend.documents)) return await runProjection(backend, stampedTree, { leaseMs, onNotice })
  return await backend.stream.subscribe({
    group: GROUP,
    effects: 'exactly-once',
    // They are committed as one batch, with the group's checkpoint as one more document.
    maxInFlightEvents: Math.min(1000, backend.capabilities.maxBatchDocuments - 1),
    leaseMs,
    onNotice,
    handlers: file.handlers({
      FileAdded: keep,
      FileModified: keep,
      FileModeChanged: keep,
      FileDeleted: ({ streamId }, { documents }) => documents.delete(TREE, streamId),
    }),
  })
}

function keep(event: FileEvent, { documents }: HandlerContext): void {
  documents.put(TREE, event.streamId, toDocument(event), { listed: true })
}

/** The files of a history as they are projected so far; the key is the stream's id. */
export async function* projectedTree(
  documents: DocumentStore,
  prefix: string,
): AsyncGenerator<readonly [key: string, document: TreeDocument]> {
  if (isStamped(documents)) {
    for await (const { key, state } of readModel(documents, stampedTree).list({ prefix })) yield [key, state]
    return
  }
  const collection = documents.collection<TreeDocument>(TREE, { listed: true })
  for await (const { key, value } of collection.list({ prefix, pageSize: 5000 })) yield [key, value]
}

function isStamped({ capabilities }: DocumentStore): boolean {
  return capabilities.documentBatch === 'none'
}
