import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { type Backend, partitionOf } from '@eventspine/core'
import { redis } from '@eventspine/redis'
import { createKeyspace } from '@eventspine/servers'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { golden, withBytes } from './golden-vectors.ts'

const PARTITIONS = 4
const streamId = 'bank-account:42'
const partition = partitionOf(streamId, PARTITIONS)
const url = process.env['EVENTSPINE_TEST_REDIS'] ?? ''

let keyspace: ReturnType<typeof createKeyspace>
let backend: Backend
let base: string

beforeEach(async () => {
  keyspace = createKeyspace(url)
  base = `{${keyspace.prefix}:${partition}}:`
  backend = await redis.connect(url, { prefix: keyspace.prefix, create: true, partitions: PARTITIONS })
})

afterEach(async () => {
  await backend.close()
  await keyspace.remove()
})

/** What the server's own client says, as JSON. */
async function redisCli(...command: readonly string[]): Promise<unknown> {
  const { stdout } = await promisify(execFile)('redis-cli', ['-u', url, '-3', '--json', ...command])
  return JSON.parse(stdout)
}

/** The vectors share an id, which one append cannot. */
function idOf(index: number): string {
  return `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`
}

/** The lines of the vectors in an entry. */
const vectorLines = golden.events
  .map(({ stored }, index) => {
    const { schemaVersion, codec, type, data, metadata } = stored
    return `\n${codec} ${schemaVersion} ${idOf(index)} ${type}\n${data}\n${metadata}`
  })
  .join('')
const last = golden.events.length

describe('the keys of docs/wire.md', () => {
  it('hold the vectors after an append', async () => {
    const events = golden.events.map(({ given }, index) => ({ ...withBytes(given), id: idOf(index) }))
    await backend.store.append(streamId, events)
    const [entry] = (await redisCli('xrange', `${base}s:${streamId}`, '-', '+')) as [
      [string, [string, string]],
    ]
    expect(entry[0]).toBe(`${last}-${last}`)
    expect(entry[1][0]).toBe('e')
    const [, time, count, lines] = /^(\d+) (\d+)(\n.*)$/s.exec(entry[1][1]) ?? []
    expect(Math.abs(Number(time) - Date.now())).toBeLessThan(60_000)
    expect(Number(count)).toBe(last)
    expect(lines).toBe(vectorLines)
    expect(await redisCli('xrange', `${base}feed`, '-', '+')).toEqual([[`${last}-${last}`, ['s', streamId]]])
    expect(await redisCli('get', `${base}sequence`)).toBe(String(last))
    expect(await redisCli('hget', `${base}heads`, streamId)).toBe(String(last))
    expect(await redisCli('hgetall', `{${keyspace.prefix}}:manifest`)).toEqual({
      formatVersion: '1',
      incarnation: backend.store.incarnation,
      partitions: String(PARTITIONS),
      hash: 'murmur2',
      codec: 'json',
    })
  })

  it('are read when another program has written them by the rules', async () => {
    const text = `1795000000000 ${last}${vectorLines}`
    await redisCli('set', `${base}sequence`, String(last))
    await redisCli('hset', `${base}heads`, streamId, String(last))
    await redisCli('xadd', `${base}s:${streamId}`, `${last}-${last}`, 'e', text)
    await redisCli('xadd', `${base}feed`, `${last}-${last}`, 's', streamId)
    const events = await backend.store.feed({ partition }).toArray()
    expect(events.map(({ data }) => data)).toEqual(golden.events.map(({ given }) => withBytes(given).data))
    expect(events.map(({ tags }) => tags)).toEqual(golden.events.map(({ given }) => given.tags ?? []))
    expect(events[0]?.timestamp).toBe(new Date(1_795_000_000_000).toISOString())
    const { version } = await backend.store.append(streamId, [{ type: 'Noted', data: {} }], {
      expectedVersion: last,
    })
    expect(version).toBe(last + 1)
    expect(await backend.store.feed({ partition, after: events.at(-1)?.position }).toArray()).toHaveLength(1)
  })

  it('mark what was removed, and what was deleted', async () => {
    const notes = ['a', 'b', 'c'].map((text, index) => ({ id: idOf(index), type: 'Noted', data: text }))
    await backend.store.append(streamId, notes)
    await backend.store.truncate(streamId, { before: 2 })
    expect(await redisCli('hgetall', `${base}t:${streamId}`)).toEqual({
      first: '2',
      1: `${idOf(0)} 1`,
      rest: expect.stringMatching(
        new RegExp(`^3-3\\n\\d+ 3\\n0 1 ${idOf(1)} Noted\\n"b"\\n{}\\n0 1 ${idOf(2)} Noted\\n"c"\\n{}$`),
      ),
    })
    await backend.store.delete(streamId)
    expect(await redisCli('hgetall', `${base}t:${streamId}`)).toEqual({
      first: '4',
      1: `${idOf(0)} 1`,
      2: `${idOf(1)} 2`,
      3: `${idOf(2)} 3`,
    })
    expect(await redisCli('hget', `${base}heads`, streamId)).toBe('-3')
    await backend.store.seal(partition)
    expect(await redisCli('get', `${base}sequence`)).toBe('-4')
  })

  it('hold documents with the revision that users see', async () => {
    const notes = backend.documents.collection('notes', { listed: true })
    const revision = await notes.put('n', { text: 'x' }, { partition, expiresInMs: 60_000 })
    const stored = (await redisCli('hgetall', `${base}d:5:notes:n`)) as Readonly<Record<string, string>>
    expect(stored).toEqual({ r: revision, v: '{"text":"x"}', x: expect.stringMatching(/^\d+$/) })
    expect(await redisCli('pexpiretime', `${base}d:5:notes:n`)).toBe(Number(stored['x']))
    expect(await redisCli('zrange', `${base}l:notes`, '0', '-1')).toEqual(['n'])
    expect(await redisCli('get', `${base}revision`)).toBe(revision)
  })
})
