import { Random } from '@eventspine/conformance'
import { type Backend, EventStoreError, type NewEvent } from '@eventspine/core'
import { Faults, memory, MemoryDatabase } from '@eventspine/memory'
import { describe, expect, it } from 'vitest'
import { collectOrphans, withPayloads } from '../src/index.ts'

const ROUNDS = 100
const WRITERS = 8
const STREAMS = 5
const APPENDS = 6

interface Written {
  readonly streamId: string
  readonly version: number
  readonly event: NewEvent
}

/** A process of its own, whose calls fail before or after they are executed, or are late. */
function openUnreliable(random: Random, target: MemoryDatabase, payloads: MemoryDatabase): Backend {
  const faults = { target: new Faults(), payloads: new Faults() }
  for (let fault = 0; fault < 4; fault++) {
    const skip = random.integer(0, 8)
    const [where, step] = random.pick([
      ['target', 'append'],
      ['target', 'read'],
      ['payloads', 'write'],
      ['payloads', 'get'],
    ] as const)
    const kind = random.pick(['failBefore', 'failAfter', 'delay'] as const)
    if (kind === 'delay') faults[where].delay(step, random.integer(0, 3), { skip })
    else faults[where][kind](step, { skip })
  }
  return withPayloads(memory({ database: target, faults: faults.target }), {
    documents: memory({ database: payloads, faults: faults.payloads }).documents,
    thresholdBytes: random.pick([0, 60]),
    cacheBytes: random.pick([0, 1000]),
  })
}

/** Appends at the version that it reads; repeats, as it was, what nobody knows the outcome of. */
async function appendSurely(backend: Backend, streamId: string, event: NewEvent): Promise<number> {
  for (;;) {
    try {
      const { version: expectedVersion } = await backend.store.head(streamId)
      for (;;) {
        try {
          return (await backend.store.append(streamId, [event], { expectedVersion })).version
        } catch (error) {
          if (!EventStoreError.is(error) || (!error.retryable && error.outcome !== 'unknown')) throw error
        }
      }
    } catch (error) {
      if (!EventStoreError.is(error) || !(error.code === 'VERSION_CONFLICT' || error.retryable)) throw error
    }
  }
}

async function runRound(seed: number): Promise<void> {
  const random = new Random(seed)
  const target = new MemoryDatabase({ partitions: 2 })
  const payloads = new MemoryDatabase()
  const open = (): Backend =>
    withPayloads(memory({ database: target }), {
      documents: memory({ database: payloads }).documents,
      thresholdBytes: 0,
    })
  const written: Written[] = []
  let writing = true
  const collector = open()
  const collecting = (async () => {
    while (writing) {
      await collectOrphans(collector, { graceMs: 60_000 })
      await new Promise((resolve) => setImmediate(resolve))
    }
  })()
  const writers = Array.from({ length: WRITERS }, async (_, writer) => {
    const backend = openUnreliable(random, target, payloads)
    for (let append = 0; append < APPENDS; append++) {
      const streamId = `file:${random.integer(0, STREAMS - 1)}`
      const event = {
        type: 'Written',
        id: random.uuid(),
        data: { writer, append, text: 'x'.repeat(random.integer(0, 99)) },
      }
      written.push({ streamId, version: await appendSurely(backend, streamId, event), event })
    }
  })
  await Promise.all(writers)
  writing = false
  await collecting
  await collectOrphans(collector, { graceMs: 60_000 })
  const reader = open()
  let referred = 0
  for (let stream = 0; stream < STREAMS; stream++) {
    const streamId = `file:${stream}`
    const events = await reader.store.read(streamId).toArray()
    const expected = written
      .filter((each) => each.streamId === streamId)
      .toSorted((a, b) => a.version - b.version)
      .map(({ version, event }) => [version, event.id, event.data])
    expect(events.map(({ streamPosition, id, data }) => [streamPosition, id, data])).toEqual(expected)
  }
  for (const stream of target.streams.values())
    referred += stream.rows.filter(({ codec }) => codec === 2).length
  // Every stream has passed every version that was tried and lost, but for those above its end.
  const left = [...payloads.documents.values()].filter(({ value }) => {
    const { stream, version } = JSON.parse(value) as { readonly stream: string; readonly version: number }
    return version <= (target.streams.get(stream)?.rows.length ?? 0)
  })
  expect(left).toHaveLength(referred)
}

describe('many writers, calls that fail in every way, and a collector that runs all the time', () => {
  it(`lose, double and collect nothing that is referred to, in ${ROUNDS} rounds`, async () => {
    const first = Math.floor(Math.random() * 2 ** 30)
    for (let round = 0; round < ROUNDS; round++) {
      const seed = first + round
      await runRound(seed).catch((error: unknown) => {
        throw new Error(`the round of seed ${seed} failed`, { cause: error })
      })
    }
  }, 300_000)
})
