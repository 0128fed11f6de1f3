import { createDatabase, createKeyspace, serverUrl } from '@eventspine/servers'
import { test, vi } from 'vitest'
import { expectConsistent } from './expect-consistent.ts'
import { runFlowCommand } from './run-flow-command.ts'

vi.setConfig({ testTimeout: 480_000 })

test('from PostgreSQL through Redis Streams all is consistent although processes are killed', async () => {
  await using database = await createDatabase(await serverUrl('postgres'))
  await using keyspace = createKeyspace(await serverUrl('redis'))
  const stream = new URL(keyspace.url)
  stream.searchParams.set('topic', 'orders')
  const words = ['--orders', '40', '--kills', '3', '--seed', '4']
  expectConsistent(await runFlowCommand({ store: database.url, stream: stream.href, words }), 40, 3)
})
