import { randomUUID } from 'node:crypto'
import { type Backend, EventStoreError } from '@eventspine/core'
import {
  Faults,
  memory,
  MemoryDatabase,
  MemoryLogDatabase,
  memoryStream,
  type Step,
} from '@eventspine/memory'
import { describe, expect, it } from 'vitest'
import { collectOrphans, withPayloads } from '../src/index.ts'

const SPLIT_BYTES = 300

/** Every step of writing one event whose data is in two segments, and of reading it back. */
const steps: readonly (readonly [step: Step, where: 'target' | 'payloads' | 'vault'])[] = [
  ['write', 'payloads'],
  ['write', 'vault'],
  ['append', 'target'],
  ['publish', 'target'],
  ['get', 'payloads'],
  ['get', 'vault'],
  ['readFeed', 'target'],
]

type Places = Readonly<Record<'target' | 'payloads' | 'vault', Faults>>

/** A process of its own: nothing is shared with another but what is stored. */
function openProcess(
  kind: 'store' | 'log',
  databases: {
    readonly store: MemoryDatabase
    readonly log: MemoryLogDatabase
    readonly payloads: MemoryDatabase
    readonly vault: MemoryDatabase
  },
  faults: Places,
): Backend {
  const target =
    kind === 'store'
      ? memory({ database: databases.store, faults: faults.target })
      : memoryStream({ database: databases.log, faults: faults.target })
  return withPayloads(target, {
    documents: memory({ database: databases.payloads, faults: faults.payloads }).documents,
    segments: {
      personal: {
        documents: memory({ database: databases.vault, faults: faults.vault }).documents,
        select: ['name'],
      },
    },
    thresholdBytes: 0,
  })
}

function sound(): Places {
  return { target: new Faults(), payloads: new Faults(), vault: new Faults() }
}

function openDatabases() {
  return {
    store: new MemoryDatabase(),
    log: new MemoryLogDatabase({}),
    payloads: new MemoryDatabase(),
    vault: new MemoryDatabase(),
  }
}

async function write(
  backend: Backend,
  event: { readonly id: string; readonly type: string; readonly data: unknown },
) {
  if (backend.capabilities.store) await backend.store.append('file:1', [event], { expectedVersion: 'none' })
  else await backend.stream.publish({ ...event, streamId: 'file:1' })
}

async function read(backend: Backend): Promise<readonly (readonly [id: string, data: unknown])[]> {
  const events: (readonly [string, unknown])[] = []
  await backend.stream.runOnce({
    group: randomUUID(),
    budgetMs: 60_000,
    handlers: ({ id, data }) => void events.push([id, data]),
  })
  return events
}

const data = { name: 'Ada', text: 'x'.repeat(SPLIT_BYTES) }

describe.each(['store', 'log'] as const)('a process that is cut off, writing to a %s', (kind) => {
  describe.each(['failBefore', 'failAfter'] as const)('%s', (fails) => {
    it.each(steps)('leaves nothing lost, doubled or without data: at %s of the %s', async (step, where) => {
      const databases = openDatabases()
      const event = { id: randomUUID(), type: 'Written', data }
      const faults = sound()
      faults[where][fails](step)
      const dying = openProcess(kind, databases, faults)
      const failed = await write(dying, event).then(
        () => undefined,
        (error: unknown) => error,
      )
      const next = openProcess(kind, databases, sound())
      // Whoever looks in between finds the event with its data, or none.
      const between = await read(next)
      expect(between.length).toBeLessThanOrEqual(1)
      for (const [, found] of between) expect(found).toEqual(data)
      if (failed !== undefined) {
        expect(EventStoreError.is(failed) && failed.retryable).toBe(true)
        await write(next, event)
      }
      const after = await read(next)
      for (const [id, found] of after) expect([id, found]).toEqual([event.id, data])
      // A log compares nothing, so a repeat after a lost reply doubles there, and says so (law S3).
      const doubles = kind === 'log' && step === 'publish' && fails === 'failAfter'
      expect(after).toHaveLength(doubles ? 2 : 1)
      expect(await collectOrphans(next, { graceMs: 0 })).toMatchObject({ deleted: 0 })
      expect(databases.payloads.documents.size).toBe(1)
      expect(databases.vault.documents.size).toBe(1)
    })
  })

  it('for good, leaves what the collector finds once others have gone on', async () => {
    const databases = openDatabases()
    const faults = sound()
    faults.target.failBefore(kind === 'store' ? 'append' : 'publish')
    const dying = openProcess(kind, databases, faults)
    await expect(write(dying, { id: randomUUID(), type: 'Lost', data })).rejects.toMatchObject({
      retryable: true,
    })
    const next = openProcess(kind, databases, sound())
    if (kind === 'store')
      expect(await collectOrphans(next, { graceMs: 0 })).toMatchObject({ deleted: 0, undecided: 2 })
    await write(next, { id: randomUUID(), type: 'Written', data })
    const written = Date.now()
    while (Date.now() <= written + 1) await new Promise((resolve) => setTimeout(resolve, 1))
    expect(await collectOrphans(next, { graceMs: 0 })).toMatchObject({ deleted: 2, undecided: 0 })
    expect((await read(next)).map(([, found]) => found)).toEqual([data])
  })
})
