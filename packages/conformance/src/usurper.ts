import assert from 'node:assert/strict'
import { EventStoreError, type Backend } from '@eventspine/core'

/** The part of a group's checkpoint document that a case looks at; `docs/wire.md` specifies all of it. */
export interface StoredCheckpoint {
  readonly owner: string | null
  readonly epoch: number
  readonly beat: number
  readonly position: string
}

const CHECKPOINTS = '$consumers'

export async function readCheckpoint(
  backend: Backend,
  group: string,
  partition = 0,
): Promise<StoredCheckpoint | undefined> {
  const document = await backend.documents.collection<StoredCheckpoint>(CHECKPOINTS).get(group, { partition })
  return document?.value
}

/**
 * Takes a partition over as another process would once its owner has been silent for too long, and then does
 * nothing with it: the owner is alive, and finds out.
 */
export async function usurp(backend: Backend, group: string, partition = 0): Promise<StoredCheckpoint> {
  const collection = backend.documents.collection<StoredCheckpoint>(CHECKPOINTS)
  for (;;) {
    const found = await collection.get(group, { partition })
    assert.ok(found !== undefined, `group ${group} has no checkpoint`)
    const { value, revision } = found
    const usurped = { ...value, owner: 'usurper', epoch: value.epoch + 1, beat: value.beat + 1 }
    try {
      await collection.put(group, usurped, { partition, expectedRevision: { revision } })
      return usurped
    } catch (error) {
      // The owner wrote meanwhile.
      if (!EventStoreError.is(error, 'REVISION_CONFLICT')) throw error
    }
  }
}

/** Sets a checkpoint's position, which is what restoring the documents without the events amounts to. */
export async function moveCheckpoint(
  backend: Backend,
  group: string,
  position: string,
  partition = 0,
): Promise<void> {
  const collection = backend.documents.collection<StoredCheckpoint>(CHECKPOINTS)
  const found = await collection.get(group, { partition })
  assert.ok(found !== undefined, `group ${group} has no checkpoint`)
  await collection.put(
    group,
    { ...found.value, owner: null, position },
    { partition, expectedRevision: { revision: found.revision } },
  )
}
