import { createDatabase, serverUrl } from '@eventspine/servers'
import { describe, expect, it } from 'vitest'
import type { Contender, ContenderStore } from '../src/league/contender.ts'
import { OWN } from '../src/league/contenders.ts'
import { eventspine } from '../src/league/contenders/eventspine.ts'
import type { Trial, Verdict } from '../src/league/trial.ts'
import { duplicateCreate } from '../src/league/trials/duplicate-create.ts'
import { enclosingTransaction } from '../src/league/trials/enclosing-transaction.ts'
import { memoryAgainstStore } from '../src/league/trials/memory-against-store.ts'
import { racers } from '../src/league/trials/racers.ts'
import { versionGap } from '../src/league/trials/version-gap.ts'
import { trials } from '../src/league/trials.ts'

const SEED = 20_261_121
const TIMEOUT_MS = 240_000

async function run(trial: Trial, contender: Contender): Promise<Verdict> {
  await using database = await createDatabase(await serverUrl('postgres'))
  return await trial.run({ contender, place: { id: OWN, folder: undefined }, url: database.url, seed: SEED })
}

/** Our own store with something spoiled. */
function spoiled(change: (store: ContenderStore) => Partial<ContenderStore>): Contender {
  return {
    ...eventspine,
    async open(url) {
      const store = await eventspine.open(url)
      return { ...store, ...change(store) }
    },
  }
}

const careless = spoiled((store) => ({
  async append(streamId, _, numbers) {
    // As who checks nothing: at whatever version the stream is.
    for (;;) {
      const { length } = await store.read(streamId)
      const answer = await store.append(streamId, length, numbers)
      if (answer === 'appended') return answer
    }
  },
}))

const backToFront = spoiled((store) => ({
  async consume(group, handle) {
    const kept: Parameters<typeof handle>[0][] = []
    const consumer = await store.consume?.(group, async (event) => {
      kept.unshift(event)
      if (kept.length === 2) for (const one of kept) await handle(one)
    })
    if (consumer === undefined) throw new TypeError('our store has consumers')
    return consumer
  },
}))

describe('the league', () => {
  it.each(trials)('$id is passed by Eventspine', { timeout: TIMEOUT_MS }, async (trial) => {
    const { outcome, evidence } = await run(trial, eventspine)
    expect(outcome, evidence).toBe('pass')
  })

  it.each([duplicateCreate, racers, versionGap, memoryAgainstStore])(
    '$id is failed by a store that checks no version',
    { timeout: TIMEOUT_MS },
    async (trial) => {
      const { outcome, evidence } = await run(trial, careless)
      expect(outcome, evidence).toBe('fail')
    },
  )

  it(
    'enclosing-transaction is failed by a feed that changes the order',
    { timeout: TIMEOUT_MS },
    async () => {
      const { outcome, evidence } = await run(enclosingTransaction, backToFront)
      expect(outcome, evidence).toBe('fail')
    },
  )
})
