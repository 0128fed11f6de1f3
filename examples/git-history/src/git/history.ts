import { GitError, streamGit } from './git-process.ts'
import { nulRecords } from './nul-records.ts'

/** A commit as it stands in the history, before its changes. */
export interface CommitHeader {
  readonly kind: 'commit'
  readonly hash: string
  readonly parents: number
  /** Texts are decoded as UTF-8; what is none becomes U+FFFD. */
  readonly authorName: string
  readonly authorEmail: string
  /** Seconds since the epoch as git has them; `NaN` in a damaged commit. */
  readonly authoredAtSeconds: number
  readonly committedAtSeconds: number
  readonly subject: string
}

/** What a commit did to one path, against its first parent. */
export interface FileChange {
  readonly kind: 'change'
  readonly path: Buffer
  readonly before: FileVersion | undefined
  readonly after: FileVersion | undefined
}

/** Mode as git prints it (`100644`, `120000` for a link, `160000` for a submodule) and the object's id. */
export interface FileVersion {
  readonly mode: string
  readonly blob: string
}

export type HistoryEntry = CommitHeader | FileChange

const HEADER = ['%H', '%P', '%an', '%ae', '%at', '%ct', '%s']

/**
 * Every setting of the user that changes what `git log` prints is overruled here, since events must not
 * depend on who replays: the order of files, the root's diff, signatures, submodules, renames, subfolders.
 */
const LOG = [
  '-c',
  'log.showRoot=true',
  'log',
  '--first-parent',
  '--diff-merges=first-parent',
  '--reverse',
  '--raw',
  '-z',
  '-O/dev/null',
  '--no-renames',
  '--no-abbrev',
  '--no-relative',
  '--ignore-submodules=none',
  '--no-show-signature',
  '--no-notes',
  '--no-color',
  '--encoding=UTF-8',
  `--format=tformat:${HEADER.join('%x00')}`,
]

/**
 * Streams the first-parent history up to `head`, oldest first: each commit, then its changes in the order of
 * their paths. Entries come in pages of what one read of the pipe held.
 *
 * @throws {@link GitError} git failed, or printed what this cannot read.
 */
export async function* readHistory(path: string, head: string): AsyncGenerator<readonly HistoryEntry[]> {
  const parser = new HistoryParser()
  for await (const records of nulRecords(streamGit(path, [...LOG, head, '--']))) {
    const entries: HistoryEntry[] = []
    for (const record of records) {
      const entry = parser.next(record)
      if (entry !== undefined) entries.push(entry)
    }
    yield entries
  }
  parser.end()
}

/** A header is a fixed count of records; then each change is two: `:modes blobs letter`, and the path. */
class HistoryParser {
  readonly #header: Buffer[] = []
  #change: string | undefined

  next(record: Buffer): HistoryEntry | undefined {
    if (this.#change !== undefined) {
      const change = parseChange(this.#change, record)
      this.#change = undefined
      return change
    }
    if (this.#header.length === 0) {
      // Git puts a line break between a commit and the first of its changes.
      const start = record[0] === 0x0a ? 1 : 0
      if (record[start] === 0x3a) {
        this.#change = record.toString('latin1', start + 1)
        return undefined
      }
    }
    this.#header.push(record)
    if (this.#header.length < HEADER.length) return undefined
    return parseHeader(this.#header.splice(0))
  }

  end(): void {
    if (this.#change !== undefined || this.#header.length > 0)
      throw new GitError('git log ended within a commit')
  }
}

function parseHeader(fields: readonly Buffer[]): CommitHeader {
  const [
    hash = '',
    parents = '',
    authorName = '',
    authorEmail = '',
    authored = '',
    committed = '',
    subject = '',
  ] = fields.map((field) => field.toString('utf8'))
  if (!/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(hash))
    throw new GitError('git log printed no commit where one was due')
  return {
    kind: 'commit',
    hash,
    parents: parents === '' ? 0 : parents.split(' ').length,
    authorName,
    authorEmail,
    authoredAtSeconds: authored === '' ? NaN : Number(authored),
    committedAtSeconds: committed === '' ? NaN : Number(committed),
    subject,
  }
}

function parseChange(description: string, path: Buffer): FileChange {
  const [modeBefore = '', modeAfter = '', blobBefore = '', blobAfter = ''] = description.split(' ')
  if (blobAfter === '') throw new GitError(`git log printed a change that cannot be read: ${description}`)
  return {
    kind: 'change',
    path,
    before: modeBefore === '000000' ? undefined : { mode: modeBefore, blob: blobBefore },
    after: modeAfter === '000000' ? undefined : { mode: modeAfter, blob: blobAfter },
  }
}
