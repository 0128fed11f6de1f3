import { describe, expect, it } from 'vitest'
import { OwnedStreams, type StoredStream } from '../src/workload/owned-streams.ts'

function appendSome(streams: OwnedStreams, appends: number): StoredStream[] {
  const written = new Map<string, StoredStream>()
  for (let append = 0; append < appends; append++) {
    const stream = streams.next(append % 4)
    stream.version++
    written.set(stream.id, { id: stream.id, events: stream.version, lastVersion: stream.version })
  }
  return [...written.values()]
}

describe('OwnedStreams', () => {
  it('gives no stream to two workers and leads each round its own', () => {
    const streams = new OwnedStreams(4)
    const owners = new Map<string, number>()
    for (let turn = 0; turn < 2000; turn++) {
      const worker = turn % 4
      const { id } = streams.next(worker)
      expect(owners.get(id) ?? worker).toBe(worker)
      owners.set(id, worker)
    }
    expect(owners.size).toBe(1000)
  })

  it('has a stream for every worker, however many', () => {
    const streams = new OwnedStreams(1500)
    expect(streams.next(1499).id).not.toBe(streams.next(0).id)
  })

  it('finds nothing wrong where all is stored that was acknowledged', () => {
    const streams = new OwnedStreams(4)
    const stored = appendSome(streams, 50)
    expect(() => streams.check(stored, 50)).not.toThrow()
    const others = { id: 'cart:of-another-process', events: 7, lastVersion: 7 }
    expect(() => streams.check([...stored, others], 50)).not.toThrow()
  })

  it('finds a lost event, a doubled one and a hole in the versions', () => {
    const streams = new OwnedStreams(4)
    const stored = appendSome(streams, 50)
    const [first, ...others] = stored
    if (first === undefined) throw new Error('nothing was written')
    expect(() => streams.check(others, 50)).toThrow('50 events were acknowledged and 49 are stored')
    expect(() => streams.check([{ ...first, events: 2 }, ...others], 50)).toThrow('51 are stored')
    expect(() => streams.check([{ ...first, lastVersion: 2 }, ...others], 50)).toThrow('the last at 2')
  })
})
