import { randomUUID } from 'node:crypto'
import { createDatabase, serverUrl } from '@eventspine/servers'
import { expect, test, vi } from 'vitest'
import { expectConsistent } from './expect-consistent.ts'
import { runFlowCommand } from './run-flow-command.ts'

vi.setConfig({ testTimeout: 480_000 })

test('from PostgreSQL through Kafka all is consistent although processes are killed, and a second run carries on', async () => {
  await using database = await createDatabase(await serverUrl('postgres'))
  const flow = { store: database.url, stream: `${await serverUrl('kafka')}/orders-${randomUUID()}` }
  const first = await runFlowCommand({ ...flow, words: ['--orders', '40', '--kills', '2', '--seed', '2'] })
  expectConsistent(first, 40, 2)
  const second = await runFlowCommand({ ...flow, words: ['--orders', '5', '--no-kills', '--seed', '3'] })
  expectConsistent(second, 5, 0)
  expect(eventsOf(second.output)).toBeGreaterThan(eventsOf(first.output))
})

function eventsOf(output: string): number {
  return Number(/✓ (\d+) events of the store/.exec(output)?.[1])
}
