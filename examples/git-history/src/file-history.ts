import type { EventStore } from '@eventspine/core'
import { branch, type CommitEvent, file, type FileEvent } from './events.ts'
import { printable } from './printable.ts'
import type { StreamNames } from './stream-names.ts'

/** There is no such path in the history. */
export class NoSuchPathError extends Error {
  override readonly name = 'NoSuchPathError'
}

interface FileState {
  readonly exists: boolean
  readonly mode: string
  readonly blob: string
}

const SIDE_BY_SIDE = 64

/**
 * Folds one file's stream and gives a line for each of its events: date, commit, what changed, subject.
 *
 * @param path - from the top of the repository. A name that is not UTF-8 is given as its stream's id has it, `caf%E9`.
 * @throws {@link NoSuchPathError} before the first line.
 */
export async function* fileHistory(
  store: EventStore,
  names: StreamNames,
  path: string,
): AsyncGenerator<string> {
  let state: FileState = { exists: false, mode: '', blob: '' }
  let events = 0
  const streamId = await findStream(store, names, path)
  for await (const page of file.store(store).read(streamId).pages()) {
    for (let from = 0; from < page.length; from += SIDE_BY_SIDE) {
      const changes = page.slice(from, from + SIDE_BY_SIDE)
      const commits = await Promise.all(
        changes.map(({ data }) => readCommit(store, names, data.commitNumber)),
      )
      for (const [index, event] of changes.entries()) {
        yield line(event, commits[index], state)
        state = evolve(event)
        events++
      }
    }
  }
  const now = state.exists ? `now ${state.mode} ${state.blob}` : 'now deleted'
  yield `${printable(path)}: ${events} ${events === 1 ? 'event' : 'events'}, ${now}`
}

async function findStream(store: EventStore, names: StreamNames, path: string): Promise<string> {
  const streamIds = [names.file(Buffer.from(path.replace(/^(\.\/)+/, ''), 'utf8'))]
  // As it stands in a stream's id; a text that is none is not asked for.
  if (path.includes('%') && printable(path) === path) streamIds.push(names.filePrefix + path)
  for (const streamId of streamIds) if ((await store.head(streamId)).exists) return streamId
  throw new NoSuchPathError(`no file ${JSON.stringify(path)} is in the history`)
}

/** The commit's place in the history is its event's version: one event is read, not the branch. */
async function readCommit(
  store: EventStore,
  names: StreamNames,
  commitNumber: number,
): Promise<CommitEvent | undefined> {
  const range = { from: commitNumber, to: commitNumber }
  const [commit] = await branch.store(store).read(names.branch, range).toArray()
  return commit
}

function evolve({ type, data }: FileEvent): FileState {
  return { exists: type !== 'FileDeleted', mode: data.mode, blob: data.blob }
}

function line({ type, data }: FileEvent, commit: CommitEvent | undefined, before: FileState): string {
  const date = commit?.data.date?.slice(0, 10) ?? '----------'
  // A run that was killed may have stored the file's event and not yet the commit's.
  const subject = commit === undefined ? '(commit not complete)' : printable(commit.data.subject)
  return `${date}  ${short(data.commit)}  ${whatChanged(type, data, before).padEnd(28)}  ${subject}`
}

function whatChanged(type: FileEvent['type'], { mode, blob }: FileEvent['data'], before: FileState): string {
  const modes = before.mode === mode ? '' : ` ${before.mode} → ${mode}`
  const said = {
    FileAdded: `added ${mode} ${short(blob)}`,
    FileModified: `modified ${short(before.blob)} → ${short(blob)}${modes}`,
    FileModeChanged: `mode${modes}`,
    FileDeleted: 'deleted',
  }
  return said[type]
}

function short(hash: string): string {
  return hash.slice(0, 8)
}
