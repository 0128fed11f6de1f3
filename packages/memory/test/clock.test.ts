import { describe, expect, it } from 'vitest'
import { memory } from '../src/index.ts'

describe('the injected clock', () => {
  it('stamps events, and never orders them: it may stand still or step back', async () => {
    let nowMs = Date.UTC(2024, 0, 1)
    const { store } = memory({ clock: () => nowMs })
    for (const stepMs of [0, 0, -86_400_000, 5, -1]) {
      nowMs += stepMs
      await store.append('counter:1', [{ type: 'Counted', data: nowMs }])
    }
    for (const events of [
      await store.read('counter:1').toArray(),
      await store.feed({ pageSize: 2 }).toArray(),
    ]) {
      expect(events.map(({ streamPosition }) => streamPosition)).toEqual([1, 2, 3, 4, 5])
      expect(events.map(({ timestamp }) => Date.parse(timestamp))).toEqual(events.map(({ data }) => data))
    }
  })

  it('decides when documents expire, to the millisecond', async () => {
    let nowMs = 1_000_000
    const { documents } = memory({ clock: () => nowMs })
    const notes = documents.collection<number>('notes', { listed: true })
    const revision = await notes.put('n', 1, { expiresInMs: 1000 })
    nowMs += 999
    expect((await notes.get('n'))?.revision).toBe(revision)
    nowMs += 1
    expect(await notes.get('n')).toBeUndefined()
    for await (const { key } of notes.list()) expect(key).toBe('none is listed')
    expect(await notes.put('n', 2, { expectedRevision: 'none' })).not.toBe(revision)
  })
})
