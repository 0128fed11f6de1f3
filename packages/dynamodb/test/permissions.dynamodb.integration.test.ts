import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { counted, openProxied, useEnds } from './server.ts'

const onEnd = useEnds()

/** The permissions that the README names for programs that work with a store. */
async function documented(): Promise<readonly string[]> {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')
  const line = /^dynamodb:.*$/m.exec(readme)?.[0] ?? ''
  return line.split(/\s+/).map((action) => action.replace('dynamodb:', ''))
}

it('needs no other permissions than those the README names, and all of them', async () => {
  const { proxy, backend } = await openProxied(onEnd)
  const needed = new Set<string>()
  proxy.decide(({ operation, body }) => {
    // Of a transaction, those of its actions.
    if (operation !== 'TransactWriteItems') needed.add(operation)
    else {
      const { TransactItems } = JSON.parse(body) as { readonly TransactItems: readonly object[] }
      for (const action of TransactItems) for (const name of Object.keys(action)) needed.add(`${name}Item`)
    }
    return undefined
  })
  const { store, documents } = backend
  const end = await store.feedHead()
  const woken = store.waitForFeed({ after: end, timeoutMs: 60_000 })
  await store.append('counter:1', [1, 2, 3].map(counted))
  await woken
  await store.commit({
    streams: [2, 3].map((number) => ({ streamId: `counter:${number}`, events: [counted(1)] })),
  })
  await store.truncate('counter:1', { before: 2 })
  await store.delete('counter:2')
  await store.seal(0)
  await store.seal(0, false)
  const counts = documents.collection('counts', { listed: true })
  const revision = await counts.put('a', 1, { expiresInMs: 3_600_000 })
  await counts.put('b', 1)
  for await (const { key } of counts.list()) expect(['a', 'b']).toContain(key)
  expect(await counts.getMany(['a', 'b'])).toHaveLength(2)
  await counts.delete('a', { expectedRevision: { revision } })
  await counts.delete('b')
  expect(await store.feed().toArray()).toHaveLength(3)
  expect([...needed].sort()).toEqual(await documented())
})
