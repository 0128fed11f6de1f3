import { expect, test } from 'vitest'
import { runShopCommand } from './run-shop-command.ts'

test('in memory every order is printed and billed', { timeout: 240_000 }, async () => {
  const { exitCode, output } = await runShopCommand('memory:', 'memory:', ['--orders', '12', '--seed', '4'])
  expect(exitCode, output).toBe(0)
  expect(output).toMatch(/^consistent: 12 orders, the counter killed 0 times, seed 4$/m)
})

test('a pair that cannot be is refused with its reason', { timeout: 240_000 }, async () => {
  const { exitCode, output } = await runShopCommand('oracle://x', 'memory:', ['--orders', '1'])
  expect(exitCode).toBe(1)
  expect(output).toContain('no adapter is registered for the scheme "oracle"')
})
