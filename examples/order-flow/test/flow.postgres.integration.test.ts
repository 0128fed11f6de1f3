import { open } from '@eventspine/core'
import { createDatabase, type OwnDatabase, serverUrl } from '@eventspine/servers'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { storeAdapters } from '../src/service/adapters.ts'
import { expectConsistent } from './expect-consistent.ts'
import { runFlowCommand } from './run-flow-command.ts'

vi.setConfig({ testTimeout: 480_000 })

let database: OwnDatabase
beforeEach(async () => {
  database = await createDatabase(await serverUrl('postgres'))
})
afterEach(() => database.drop())

test('consumers of the store itself keep the promises too, and a broken read model is found', async () => {
  const flow = { store: database.url, stream: 'store' }
  const words = ['--orders', '30', '--kills', '2', '--seed', '5']
  expectConsistent(await runFlowCommand({ ...flow, words }), 30, 2)
  await forgetSales(database.url)
  const again = ['--orders', '3', '--no-kills', '--patience', '15']
  const { exitCode, output } = await runFlowCommand({ ...flow, words: again })
  expect(output).toMatch(
    /✗ the dashboard's totals are the fold of the store's events\n +of \w+ the dashboard shows/,
  )
  expect(output).toMatch(/^not consistent: \d+ problems; 3 orders, 0 processes killed, /m)
  expect(exitCode).toBe(1)
})

/** As a careless hand on the database would. */
async function forgetSales(url: string): Promise<void> {
  await using backend = await open(url, storeAdapters)
  const sales = backend.documents.collection('order-dashboard')
  for (let partition = 0; partition < backend.documents.partitions; partition++) {
    await sales.delete('sales', { partition })
  }
}

test('Ctrl-C ends all processes', async () => {
  const { exitCode, output, errors } = await runFlowCommand({
    store: database.url,
    stream: 'store',
    words: ['--orders', '1000', '--no-kills', '--seed', '1'],
    when: { prints: /[1-9]\d* of 1000 orders begun/, act: (_found, pid) => process.kill(pid, 'SIGINT') },
  })
  expect(errors).toBe('order-flow: stopped\n')
  expect(exitCode, output).toBe(130)
  const pids = Array.from(output.matchAll(/ is up, process (\d+)/g), ([, pid]) => Number(pid))
  expect(pids).toHaveLength(3)
  for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow('ESRCH')
})

test('a process that somebody else kills is started again, and nothing is lost', async () => {
  const run = await runFlowCommand({
    store: database.url,
    stream: 'store',
    words: ['--orders', '30', '--no-kills', '--seed', '1'],
    when: {
      prints: /shipping is up, process (\d+)/,
      act: ([, pid]) => process.kill(Number(pid), 'SIGKILL'),
    },
  })
  expectConsistent(run, 30, 1)
})
