import type { Connection } from './connection.ts'
import { checkName, isHashed, type Keys } from './keys.ts'
import type { CommitDocument } from './stored-commit.ts'

/** A commit without its events. */
export type CommitFields = Pick<CommitDocument, 'last' | 'at' | 'id' | 'deleted' | 'origin'>

/** Reads what a commit is without its events; `undefined`: it is not there. */
export async function readCommitFields(
  connection: Connection,
  keys: Keys,
  streamId: string,
  number: number,
): Promise<CommitFields | undefined> {
  const key = keys.commit(streamId, number)
  if (isHashed(key)) {
    // The name has to be compared. As a part of the document the emulator gives texts beyond ASCII a wrong length.
    const found = await connection.get<CommitDocument>(key)
    if (found !== undefined) checkName(found.content.stream, streamId)
    return found?.content
  }
  const found = await connection.lookup(key, ['last', 'at', 'id', 'deleted', 'origin'])
  if (found === undefined) return undefined
  // As `CommitDocument` has them.
  const [last, at, id, deleted, origin] = found as [number, number, string, 1 | undefined, number | undefined]
  return {
    last,
    at,
    id,
    ...(deleted === undefined ? {} : { deleted }),
    ...(origin === undefined ? {} : { origin }),
  }
}
