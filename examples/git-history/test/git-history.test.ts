import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { open } from '@eventspine/core'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { adapters } from '../src/adapters.ts'
import { createOddRepository, oddPaths } from './odd-repository.ts'
import type { RecordedStreams } from './recorded-streams.ts'
import { replayFrom, streamsIn, withoutRate } from './replay-from.ts'
import type { TestRepository } from './test-repository.ts'

// Each starts processes, which may wait for others of the machine.
vi.setConfig({ testTimeout: 30_000 })

describe('the history of a repository with everything odd', () => {
  let repository: TestRepository
  let head: string
  let store: string
  let streams: RecordedStreams
  const paths = (suffix: string) => Array.from(streams.keys()).filter((streamId) => streamId.endsWith(suffix))
  const typesAt = (path: string) =>
    paths(`/${path}`).map((streamId) => streams.get(streamId)?.map(({ type }) => type))

  beforeAll(async () => {
    repository = createOddRepository()
    head = repository.git('rev-parse', 'HEAD')
    const first = await replayFrom(repository.path)
    ;({ store } = first)
    // 27 odd paths less README.md, and 12 others that are left at the end.
    expect(withoutRate(first.last)).toBe(`verified: 38 files at ${head} (12 commits, 69 events, R events/s)`)
    expect(first.verified).toBe(true)
    streams = await streamsIn(store)
  })
  afterAll(() => repository[Symbol.dispose]())

  test('is one event a commit in the branch’s stream, in order', () => {
    const [branchStream] = paths(repository.git('rev-list', '--max-parents=0', 'HEAD').slice(0, 12))
    const commits = streams.get(branchStream ?? '')?.map(({ data }) => (data as { commit: string }).commit)
    expect(commits).toEqual(repository.git('rev-list', '--first-parent', '--reverse', 'HEAD').split('\n'))
  })

  test('has the bytes of every path', () => {
    const stored = Array.from(
      streams.values(),
      ([event]) => event?.data as { path?: string; pathBase64?: string },
    )
    const bytes = stored.map(({ path = '', pathBase64 }) =>
      (pathBase64 === undefined ? Buffer.from(path) : Buffer.from(pathBase64, 'base64')).toString('hex'),
    )
    for (const path of oddPaths) expect(bytes).toContain(Buffer.from(path).toString('hex'))
  })

  test('tells changes of mode from changes of content', () => {
    expect(typesAt('README.md')).toEqual([['FileAdded', 'FileModeChanged', 'FileDeleted']])
    expect(typesAt('run.sh')).toEqual([['FileAdded', 'FileModified']])
    expect(typesAt('becomes-link')).toEqual([['FileAdded', 'FileModeChanged']])
    expect(typesAt('vendor/module')).toEqual([['FileAdded', 'FileModified']])
  })

  test('takes a rename for a deletion and an addition', () => {
    expect(typesAt('renamed-before')).toEqual([['FileAdded', 'FileDeleted']])
    expect(typesAt('renamed-after')).toEqual([['FileAdded']])
  })

  test('follows what becomes a folder, and a folder that becomes a file', () => {
    expect(typesAt('becomes-folder')).toEqual([
      ['FileAdded', 'FileDeleted'],
      ['FileAdded', 'FileDeleted'],
    ])
    expect(typesAt('becomes-folder/inside')).toEqual([['FileAdded']])
    expect(typesAt('becomes-file')).toEqual([['FileAdded', 'FileModified']])
    expect(typesAt('becomes-file/one')).toEqual([['FileAdded', 'FileDeleted']])
  })

  test('takes a merge for what it changed in the branch', () => {
    expect(typesAt('side')).toEqual([['FileAdded']])
    expect(typesAt('only in the merge')).toEqual([['FileAdded']])
    expect(typesAt('gone before the merge')).toEqual([])
    expect(typesAt('empty')).toEqual([['FileAdded', 'FileDeleted', 'FileAdded']])
  })

  test('has the mode and the object of every change', () => {
    const [streamId = ''] = paths('/becomes-link')
    const blob = repository.git('rev-parse', 'HEAD:becomes-link')
    const contents = streams.get(streamId)?.map(({ data }) => data)
    expect(contents).toMatchObject([
      { mode: '100644', blob },
      { mode: '120000', blob },
    ])
  })

  test('keeps a subject’s characters, and no date that is none', () => {
    const data = Array.from(streams.entries())
      .find(([streamId]) => streamId.startsWith('branch:'))?.[1]
      .map((event) => event.data)
    expect(data).toMatchObject([
      ...Array.from({ length: 9 }, () => ({ author: { name: 'Ann Author', email: 'ann@example.org' } })),
      {
        subject: 'subject \u001b[31mred\u001b[0m, latin \uFFFD',
        author: { name: '', email: '' },
        date: '1970-01-01T00:00:00.000Z',
      },
      { subject: '', date: null },
      { subject: `long ${'subject '.repeat(400)}`.slice(0, 1000) },
    ])
  })

  test('stores the event of a commit behind those of its files', async () => {
    await using backend = await open(store, adapters)
    let unfinished = new Set<string>()
    for (const { type, data } of await backend.store.feed().toArray()) {
      const { commit } = data as { commit: string }
      if (type !== 'CommitApplied') unfinished.add(commit)
      else {
        expect([...unfinished].filter((other) => other !== commit)).toEqual([])
        unfinished = new Set()
      }
    }
    expect(unfinished.size).toBe(0)
  })

  test('is not written again', async () => {
    const again = await replayFrom(repository.path, { store })
    expect(again.last).toBe(`verified: 38 files at ${head} (12 commits, 69 events, 0 events/s)`)
    expect(await streamsIn(store)).toEqual(streams)
  })

  test('is the same from a clone, bare, from a folder within, and whatever the user’s settings', async () => {
    repository.git('clone', '--quiet', '--mirror', repository.path, repository.beside('mirror'))
    expect((await replayFrom(repository.beside('mirror'), { store })).verified).toBe(true)
    for (const [name, value] of [
      ['diff.renames', 'copies'],
      ['diff.ignoreSubmodules', 'all'],
      ['diff.relative', 'true'],
      ['log.showRoot', 'false'],
      ['core.quotePath', 'true'],
      ['diff.orderFile', 'order'],
    ] as const) {
      repository.git('config', name, value)
    }
    const inside = join(repository.path, 'becomes-folder')
    mkdirSync(inside)
    const settings = await replayFrom(inside)
    expect(settings.verified).toBe(true)
    expect(await streamsIn(settings.store)).toEqual(streams)
    expect(await streamsIn(store)).toEqual(streams)
  })
})
