import { createDatabase, createKeyspace, serverUrl } from '@eventspine/servers'
import { expect, test } from 'vitest'
import { runShopCommand } from './run-shop-command.ts'

test(
  'over PostgreSQL and Redis every order is printed and billed, although the counter is killed',
  { timeout: 480_000 },
  async () => {
    await using database = await createDatabase(await serverUrl('postgres'))
    await using keyspace = createKeyspace(await serverUrl('redis'))
    const words = ['--orders', '15', '--kills', '2', '--seed', '6']
    const { exitCode, output } = await runShopCommand(database.url, keyspace.url, words)
    expect(exitCode, output).toBe(0)
    expect(output).toMatch(/^consistent: 15 orders, the counter killed 2 times, seed 6$/m)
  },
)
