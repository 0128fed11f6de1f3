import { QueryCommand } from '@aws-sdk/client-dynamodb'
import { expect, it } from 'vitest'
import { clientOf, serverUrl } from './backend.ts'
import { counted, numbersOf, openProxied, refusedWith, useEnds } from './server.ts'

const onEnd = useEnds()
const LARGE = 'x'.repeat(700_000)

/** All that stands in the table under a partition key, as text. */
async function itemsOf(table: string, pk: string): Promise<string> {
  const client = clientOf(serverUrl())
  onEnd(() => client.destroy())
  const { Items } = await client.send(
    new QueryCommand({
      TableName: table,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': { S: pk } },
      ConsistentRead: true,
    }),
  )
  return JSON.stringify(Items)
}

it('hides a stream at once when a removal breaks off, and a repeat removes the rest', async () => {
  for (const kind of ['delete', 'truncate'] as const) {
    const { proxy, table, backend, beside } = await openProxied(onEnd)
    const { store } = backend
    for (let number = 1; number <= 12; number++) await store.append('counter:1', [counted(number)])
    const remove = () =>
      kind === 'delete' ? store.delete('counter:1') : store.truncate('counter:1', { before: 11 })
    let rewritten = 0
    proxy.decide(({ operation, body }) => {
      if (operation !== 'PutItem' || !body.includes('|s|')) return undefined
      rewritten++
      return rewritten > 3 ? { error: 'AccessDeniedException' } : undefined
    })
    expect(await refusedWith(remove)).toMatchObject({ code: 'ACCESS_DENIED' })
    const kept = kind === 'delete' ? [] : [11, 12]
    const other = (await beside()).store
    for (const client of [store, other]) {
      expect(await numbersOf(client.read('counter:1'))).toEqual(kept)
      expect(await numbersOf(client.read('counter:1', { from: 2 }))).toEqual(kept)
      expect(await numbersOf(client.read('counter:1', { direction: 'backward' }))).toEqual(kept.toReversed())
    }
    await proxy.pass()
    expect(await remove()).toEqual({ version: 12 })
    expect(await numbersOf(other.feed())).toEqual(kept)
    const left = await itemsOf(table, 'eventspine|s|counter:1')
    for (let number = 1; number <= 12; number++)
      expect(left.includes(`{\\"number\\":${number}}`)).toBe(kept.includes(number))
  }
})

it('removes what is in several items, in part and as a whole, from all of them', async () => {
  const { table, backend, beside } = await openProxied(onEnd)
  const { store } = backend
  const large = [1, 2, 3].map((number) => ({ type: 'Counted', data: { number, text: LARGE } }))
  await store.append('counter:1', large)
  await store.append('counter:1', [counted(4)])
  const other = (await beside()).store
  expect(await numbersOf(other.read('counter:1'))).toEqual([1, 2, 3, 4])
  await store.truncate('counter:1', { before: 3 })
  for (const client of [store, other]) {
    expect(await numbersOf(client.read('counter:1'))).toEqual([3, 4])
    expect(await numbersOf(client.feed())).toEqual([3, 4])
  }
  await Promise.all([store.delete('counter:1'), other.delete('counter:1')])
  expect(await numbersOf(other.feed())).toEqual([])
  for (const kind of ['s', 'p'])
    expect(await itemsOf(table, `eventspine|${kind}|counter:1`)).not.toContain('xxx')
})

it('lets readers meet a removal of large commits in any state', async () => {
  const { backend, beside } = await openProxied(onEnd)
  const { store } = backend
  const other = (await beside()).store
  const large = Array.from({ length: 6 }, (_, index) => ({
    type: 'Counted',
    data: { number: index + 1, text: LARGE.slice(0, 300_000) },
  }))
  await store.append('counter:1', large)
  const remove = async (): Promise<void> => {
    for (let before = 2; before <= 6; before++) await other.truncate('counter:1', { before })
  }
  let ended = false
  const removing = remove().finally(() => (ended = true))
  const reading = async (): Promise<void> => {
    while (!ended) {
      for (const read of [store.read('counter:1'), store.feed()]) {
        const numbers = (await numbersOf(read)).map(Number)
        expect(numbers.at(-1)).toBe(6)
        expect(numbers).toEqual(Array.from(numbers, (_, index) => 7 - numbers.length + index))
      }
    }
  }
  await Promise.all([removing, reading()])
  expect(await numbersOf(store.feed())).toEqual([6])
})
