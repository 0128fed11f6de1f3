import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { createDatabase, serverUrl } from '@eventspine/servers'
import { expect, test, vi } from 'vitest'
import { runProcess } from '../../src/index.ts'
import { Transfers } from './on-servers.ts'
import { allEvents } from './service.ts'
import { openUrl, SERVICE } from './service-backend.ts'
import { transfers } from './transfer.ts'

const DEADLINE = { timeout: 120_000, interval: 2 }
/** Events in the store at which the service is killed: while it withdraws, deposits and concludes. */
const KILLS = [20, 27, 36]

function startService(url: string): ChildProcess {
  return fork(fileURLToPath(new URL('service-main.ts', import.meta.url)), [url], {
    execArgv: ['--conditions=@eventspine/source', '--import', 'tsx'],
  })
}

test('a service that is killed again and again loses no transfer and doubles no booking', async () => {
  const database = await createDatabase(await serverUrl('postgres'))
  const backend = await openUrl(database.url)
  const work = new Transfers(backend.store, 12)
  await work.openAccounts()
  await work.request()
  for (const events of KILLS) {
    const service = startService(database.url)
    const ended = once(service, 'exit')
    await vi.waitFor(async () => {
      expect((await allEvents(backend.store)).length).toBeGreaterThanOrEqual(events)
    }, DEADLINE)
    service.kill('SIGKILL')
    expect(await ended).toEqual([null, 'SIGKILL'])
  }
  await using running = await runProcess(backend, transfers, SERVICE)
  for (const id of work.ids) await running.ended(`transfer:${id}`, { timeoutMs: 120_000 })
  await work.check()
  await running.stop()
  await backend.close()
  await database.drop()
}, 400_000)
