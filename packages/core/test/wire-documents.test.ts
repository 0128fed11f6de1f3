import { readFileSync } from 'node:fs'
import { beforeEach, describe, expect, it } from 'vitest'
import { memory } from '../../memory/src/index.ts'
import { type Backend, EventStoreError, type SubscribeOptions } from '../src/index.ts'
import { parsePosition } from '../src/position.ts'

/** A checkpoint document as docs/wire.md has it. */
interface WireCheckpoint {
  readonly format: number
  readonly owner: string | null
  readonly epoch: number
  readonly beat: number
  readonly leaseMs: number
  readonly position: string
  readonly parked: readonly Readonly<Record<string, unknown>>[]
}

// Written by hand in the shape above.
const golden = JSON.parse(
  readFileSync(new URL('../../../docs/wire/golden.json', import.meta.url), 'utf8'),
) as {
  readonly checkpoints: readonly [WireCheckpoint, WireCheckpoint]
  readonly members: readonly [{ readonly key: string; readonly value: { readonly member: string } }]
}
const [owned, left] = golden.checkpoints
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

let backend: Backend

beforeEach(() => {
  backend = memory()
  return () => backend.close()
})

function checkpoints() {
  return backend.documents.collection<WireCheckpoint>('$consumers')
}

const quick = { group: 'balances', leaseMs: 100, retry: { attempts: 1 } } satisfies Partial<SubscribeOptions>

async function until<Value>(look: () => Promise<Value | undefined>): Promise<Value> {
  const deadline = performance.now() + 10_000
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    if (performance.now() > deadline) throw new Error('it did not come about within 10 s')
    await new Promise((resolve) => setImmediate(resolve))
  }
}

describe('the documents of docs/wire.md', () => {
  it('are what a consumer writes while it owns a partition and when it has left', async () => {
    await backend.store.append('bank-account:42', [{ type: 'Opened', data: {} }])
    const { token } = await backend.store.append('bank-account:7', [{ type: 'Broken', data: {} }])
    const subscription = await backend.stream.subscribe({
      ...quick,
      leaseMs: 10_000,
      handlers: ({ type }) => {
        if (type === 'Broken') throw new TypeError('no such account')
      },
    })
    await subscription.caughtUpTo(token)
    const first = await until(async () => {
      const found = await checkpoints().get('balances', { partition: 0 })
      return found?.value.parked.length === 1 ? found.value : undefined
    })
    expect(Object.keys(first).toSorted()).toEqual(Object.keys(owned).toSorted())
    expect(first.owner).toMatch(uuid)
    expect(first).toMatchObject({ format: 1, epoch: 1, leaseMs: 10_000 })
    await backend.stream.group('balances').replay('bank-account:7')
    const asked = (await checkpoints().get('balances', { partition: 0 }))?.value.parked[0]
    expect(Object.keys(asked ?? {}).toSorted()).toEqual(Object.keys(left.parked[0] ?? {}).toSorted())
    expect(asked).toMatchObject({
      streamId: 'bank-account:7',
      streamPosition: 1,
      firstPosition: token,
      attempts: 1,
      error: 'TypeError: no such account',
      request: { id: expect.stringMatching(uuid) as unknown, from: 1 },
    })
    await subscription.stop()
    const last = (await checkpoints().get('balances', { partition: 0 }))?.value
    expect(last).toMatchObject({ owner: null, epoch: 1, position: token })
    expect(last?.beat).toBeGreaterThan(first.beat)
  })

  it('are understood when another program wrote them', async () => {
    const { store } = backend
    const stuck = await store.append('bank-account:42', [
      { type: 'Opened', data: 1 },
      { type: 'Deposited', data: 2 },
      { type: 'Deposited', data: 3 },
    ])
    const { token } = await store.append('bank-account:7', [{ type: 'Opened', data: 4 }])
    const [parked] = left.parked
    const written = {
      ...left,
      position: stuck.position ?? '',
      parked: [{ ...parked, firstPosition: stuck.position }],
    }
    await checkpoints().put('balances', written, { partition: 0 })
    const handled: unknown[] = []
    const fencingTokens = new Set<number>()
    const subscription = await backend.stream.subscribe({
      ...quick,
      handlers: ({ data }, { fencingToken }) => {
        handled.push(data)
        fencingTokens.add(fencingToken)
      },
    })
    await subscription.caughtUpTo(token)
    const value = await until(async () => {
      const found = await checkpoints().get('balances', { partition: 0 })
      return found?.value.parked.length === 0 ? found.value : undefined
    })
    await subscription.stop()
    // The parked stream from its version 3 on, and what stands behind the checkpoint.
    expect(new Set(handled)).toEqual(new Set([3, 4]))
    expect(handled.length).toBe(2)
    expect(value).toMatchObject({ epoch: left.epoch + 1 })
    expect(value.beat).toBeGreaterThan(left.beat)
    expect([...fencingTokens]).toEqual([left.epoch + 1])
    expect(parsePosition(value.position).sequence).toBe(4)
  })

  it(
    'keep a partition for an owner that beats, and free it when the owner falls silent',
    { timeout: 60_000 },
    async () => {
      await backend.store.append('bank-account:42', [{ type: 'Opened', data: {} }])
      const start = `${backend.store.incarnation}.0.0.`
      const leaseMs = 3000
      let beat = 1
      let beatenAtMs = 0
      const put = () => {
        beatenAtMs = performance.now()
        const value = { ...owned, leaseMs, beat: beat++, position: start }
        return checkpoints().put('balances', value, { partition: 0 })
      }
      await put()
      let handled = 0
      const subscription = await backend.stream.subscribe({ ...quick, handlers: () => void handled++ })
      const endMs = performance.now() + leaseMs * 1.2
      while (performance.now() < endMs) {
        await put()
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
      expect(handled).toBe(0)
      await until(async () => (handled > 0 ? true : undefined))
      // By its own clock, from when it first saw the last beat: at the earliest as that beat was written.
      expect(performance.now() - beatenAtMs).toBeGreaterThanOrEqual(leaseMs)
      await subscription.stop()
    },
  )

  it('are refused in a format of the future', async () => {
    await checkpoints().put('balances', { ...left, format: 2 }, { partition: 0 })
    const subscription = await backend.stream.subscribe({ ...quick, handlers: () => undefined })
    const error: unknown = await subscription.completed.then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    expect(EventStoreError.is(error, 'STORE_INCOMPATIBLE')).toBe(true)
  })

  it('name the members of a group where partitions can be shared', async () => {
    const shared = memory({ partitions: 2 })
    const subscription = await shared.stream.subscribe({ ...quick, handlers: () => undefined })
    const members = shared.documents.collection('$members', { listed: true })
    const found = await until(async () => {
      for await (const document of members.list({ partition: 0, prefix: 'balances/' })) return document
      return undefined
    })
    const [example] = golden.members
    expect(Object.keys(found.value as object)).toEqual(Object.keys(example.value))
    const { member } = found.value as typeof example.value
    expect(member).toMatch(uuid)
    expect(found.key).toBe(example.key.replace(example.value.member, member))
    await subscription.stop()
    expect(await members.get(found.key, { partition: 0 })).toBeUndefined()
    await shared.close()
  })
})
