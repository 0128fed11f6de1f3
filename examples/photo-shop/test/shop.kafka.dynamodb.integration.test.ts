import { randomUUID } from 'node:crypto'
import { ownTable, serverUrl } from '@eventspine/servers'
import { expect, test } from 'vitest'
import { runShopCommand } from './run-shop-command.ts'

test(
  'over Kafka and DynamoDB every order is printed and billed, although the counter is killed',
  { timeout: 480_000 },
  async () => {
    await using table = ownTable(await serverUrl('dynamodb'))
    const stream = `${await serverUrl('kafka')}/prints-${randomUUID()}`
    const words = ['--orders', '15', '--kills', '2', '--seed', '5']
    const { exitCode, output } = await runShopCommand(stream, table.url, words)
    expect(exitCode, output).toBe(0)
    expect(output).toMatch(/^consistent: 15 orders, the counter killed 2 times, seed 5$/m)
  },
)
