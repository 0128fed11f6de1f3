import { ownTable, startDynamodbProxy, waitUntil } from '@eventspine/servers'
import { expect, it } from 'vitest'
import { createTable } from '../src/index.ts'
import { clientOf, serverUrl } from './backend.ts'

it('is made by two processes at once, whichever of them lets documents expire first', async () => {
  await using own = ownTable(serverUrl())
  const { table } = own
  await using proxy = await startDynamodbProxy(own.url)
  const client = clientOf(proxy.url)
  let otherIsDone = (): void => undefined
  const other = new Promise<void>((resolve) => {
    otherIsDone = resolve
  })
  // The slower one has seen that nobody lets them expire, and asks for it after the other.
  const late = proxy.strike({ until: other }, { operation: 'UpdateTimeToLive' })
  const slower = createTable(client, { table })
  await waitUntil(() => proxy.counts()['UpdateTimeToLive'] === 1, { deadlineMs: 60_000 })
  await createTable(clientOf(serverUrl()), { table })
  otherIsDone()
  await slower
  expect((await late)?.operation).toBe('UpdateTimeToLive')
  client.destroy()
})
