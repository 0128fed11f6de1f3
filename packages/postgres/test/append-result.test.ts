import type { Commit, EncodedDocumentWrite, StreamAppend } from '@eventspine/core'
import { expect, it } from 'vitest'
import { batchOf } from '../src/append-parameters.ts'
import { readAppendAnswer } from '../src/append-result.ts'

function append(streamId: string, partition: number, count: number): StreamAppend {
  const event = { id: 'i', type: 'T', schemaVersion: 1, codec: 0, data: '1', metadata: '{}' } as const
  return { streamId, partition, expectedVersion: 3, events: Array.from({ length: count }, () => event) }
}

function document(key: string, value: string | undefined): EncodedDocumentWrite {
  return {
    collection: 'c',
    partition: 0,
    key,
    value,
    expectedRevision: 'any',
    expiresInMs: undefined,
    listed: false,
  }
}

const read = (answer: string, commits: readonly Commit[]) =>
  readAppendAnswer(answer, commits, batchOf(commits, 50))
const codes = (answer: ReturnType<typeof read>) =>
  typeof answer === 'string' ? answer : answer.map((outcome) => (outcome.ok ? 'ok' : outcome.error.code))

it('works out versions and positions of each partition from the heads', () => {
  const commits = [
    { appends: [append('a', 4, 2)], documents: [] },
    { appends: [append('b', 1, 1), append('c', 4, 3)], documents: [] },
  ]
  expect(read('10,20;5,-7,0', commits)).toEqual([
    { ok: true, streams: [{ version: 7, sequence: 22 }], revisions: [] },
    {
      ok: true,
      streams: [
        { version: 8, sequence: 11 },
        { version: 3, sequence: 25 },
      ],
      revisions: [],
    },
  ])
})

it('leaves out the events of refused commits, as the server does', () => {
  const commits = ['a', 'b', 'c'].map((name) => ({ appends: [append(name, 0, 2)], documents: [] }))
  const answer = read('10;3,4,3;,c2,;', commits)
  expect(codes(answer)).toEqual(['ok', 'VERSION_CONFLICT', 'ok'])
  expect(answer[0]).toMatchObject({ streams: [{ version: 5, sequence: 12 }] })
  expect(answer[1]).toMatchObject({ error: { streamId: 'b', expectedVersion: 3, actualVersion: 4 } })
  expect(answer[2]).toMatchObject({ streams: [{ version: 5, sequence: 14 }] })
})

it('tells the refusals apart', () => {
  const commits = ['a', 'b', 'c'].map((name, index) => ({
    appends: [append(name, index, 1)],
    documents: [document(name, '1')],
  }))
  expect(codes(read('1,1,1;-3,3,3;c1,s2,d3;0,0,0', commits))).toEqual([
    'STREAM_DELETED',
    'PARTITION_SEALED',
    'REVISION_CONFLICT',
  ])
  expect(codes(read('1,1,1;-3,3,3;x1,c9,d9;0,0,0', commits))).toEqual([
    'BACKEND_FAILED',
    'BACKEND_FAILED',
    'BACKEND_FAILED',
  ])
})

it('gives puts their revisions, and deletes none', () => {
  const commits = [
    { appends: [], documents: [document('k', '1'), document('l', undefined)] },
    { appends: [], documents: [document('m', '2')] },
  ]
  expect(read(';;,;8,0,9', commits)).toEqual([
    { ok: true, streams: [], revisions: ['8', undefined] },
    { ok: true, streams: [], revisions: ['9'] },
  ])
})

it('passes on why nothing was tried', () => {
  for (const answer of ['isolation', 'busy', 'deadlock']) expect(read(answer, [])).toBe(answer)
})
