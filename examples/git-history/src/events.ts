import { defineEvents, type EventOf, type NewEventOf } from '@eventspine/core'
import { parse as parseUuid, v5 as uuidv5 } from 'uuid'
import { z } from 'zod'
import type { CommitHeader, FileChange } from './git/history.ts'

const objectId = z.string().regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/)
const mode = z.string().regex(/^[0-7]{6}$/)

const change = {
  /** As UTF-8; where the bytes are none, U+FFFD stands for them and `pathBase64` holds them. */
  path: z.string().min(1),
  pathBase64: z.base64().optional(),
  commit: objectId,
  /** The commit's place in the history: its event's version in the branch's stream. */
  commitNumber: z.int().positive(),
}
const content = { mode, blob: objectId }

/** What happened to one path. Mode and blob are those after the change; of a deleted file, those it had. */
export const file = defineEvents('file', {
  FileAdded: z.object({ ...change, ...content }),
  /** Its content changed, and perhaps its mode. */
  FileModified: z.object({ ...change, ...content }),
  /** Its mode alone changed. */
  FileModeChanged: z.object({ ...change, ...content }),
  FileDeleted: z.object({ ...change, ...content }),
})

/** The commits of a branch's first-parent history. One that stands here has all its file events stored. */
export const branch = defineEvents('branch', {
  CommitApplied: z.object({
    commit: objectId,
    author: z.object({ name: z.string(), email: z.string() }),
    /** When it was authored, in UTC; `null` when git's own record of it is no date. */
    date: z.iso.datetime().nullable(),
    /** At most 1,000 characters. */
    subject: z.string(),
    parents: z.int().nonnegative(),
    files: z.int().nonnegative(),
  }),
})

export type FileEvent = EventOf<typeof file>
export type CommitEvent = EventOf<typeof branch>

// Any fixed UUID: what ids are derived in, so that another program's ids of the same names differ.
const NAMESPACE = parseUuid('6f1d6c0e-3a52-4a0b-9c7d-0f2b8f6f7a11')
const MAX_SUBJECT = /^.{0,1000}/su

/** The event's id is derived from stream and commit: whoever replays this change again gives it the same. */
export function toFileEvent(
  { path, before, after }: FileChange,
  streamId: string,
  { hash }: CommitHeader,
  commitNumber: number,
): NewEventOf<typeof file> {
  const last = after ?? before
  if (last === undefined) throw new TypeError('a change has a file before it, after it, or both')
  const text = path.toString('utf8')
  const exact = Buffer.compare(Buffer.from(text, 'utf8'), path) === 0
  const data = {
    path: text,
    ...(exact ? {} : { pathBase64: path.toString('base64') }),
    mode: last.mode,
    blob: last.blob,
    commit: hash,
    commitNumber,
  }
  return {
    id: idOf(streamId, hash),
    type: fileEventType(before?.blob, after?.blob),
    data,
    metadata: { correlationId: hash },
  }
}

function fileEventType(
  before: string | undefined,
  after: string | undefined,
): NewEventOf<typeof file>['type'] {
  if (before === undefined) return 'FileAdded'
  if (after === undefined) return 'FileDeleted'
  return before === after ? 'FileModeChanged' : 'FileModified'
}

export function toCommitEvent(
  commit: CommitHeader,
  streamId: string,
  files: number,
): NewEventOf<typeof branch> {
  const { hash, authorName, authorEmail, parents, subject } = commit
  const committedAt = toIsoTime(commit.committedAtSeconds)
  return {
    id: idOf(streamId, hash),
    type: 'CommitApplied',
    data: {
      commit: hash,
      author: { name: authorName, email: authorEmail },
      date: toIsoTime(commit.authoredAtSeconds) ?? null,
      subject: MAX_SUBJECT.exec(subject)?.[0] ?? '',
      parents,
      files,
    },
    metadata: { correlationId: hash },
    ...(committedAt === undefined ? {} : { occurredAt: committedAt }),
  }
}

function idOf(streamId: string, commit: string): string {
  return uuidv5(Buffer.from(`${commit} ${streamId}`), NAMESPACE)
}

/** Git stores any number: years past 9999 have no ISO 8601 form that everybody reads. */
function toIsoTime(seconds: number): string | undefined {
  const date = new Date(seconds * 1000)
  if (Number.isNaN(date.getTime()) || date.getUTCFullYear() < 0 || date.getUTCFullYear() > 9999)
    return undefined
  return date.toISOString()
}
