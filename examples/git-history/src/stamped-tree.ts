import { projection } from '@eventspine/cqrs'
import { file, type FileEvent } from './events.ts'
import type { TreeDocument } from './tree-projection.ts'

const nothing: TreeDocument = { path: '', mode: '', blob: '' }

/**
 * The tree for backends that write documents one at a time: each document carries how far it is, so that an event
 * that is handled again changes nothing.
 */
export const stampedTree = projection({
  name: 'git-tree',
  events: file,
  initialState: () => nothing,
  evolve: {
    FileAdded: (_before, event) => toDocument(event),
    FileModified: (_before, event) => toDocument(event),
    FileModeChanged: (_before, event) => toDocument(event),
    FileDeleted: () => undefined,
  },
})

/** A file as an event leaves it. */
export function toDocument({ data }: FileEvent): TreeDocument {
  const { path, pathBase64, mode, blob } = data
  const exact = pathBase64 === undefined ? {} : { pathBase64 }
  return { path, ...exact, mode, blob }
}
