import { expect } from 'vitest'
import type { FlowRun } from './run-flow-command.ts'

const promises = [
  /✓ \d+ accepted events exactly once in the store, of \d+ refused commands? nothing/,
  /✓ \d+ events of the store exactly once in the stream, in order/,
  /✓ \d+ orders shipped once: all that were paid, but \d+ cancelled in time/,
  /✓ the dashboard's totals are the fold of the store's events/,
  /✓ no process ended by itself/,
  /✓ everything came to its end/,
]

/** The run ended well, after so many kills. */
export function expectConsistent({ exitCode, output, errors }: FlowRun, orders: number, kills: number): void {
  const said = `${output}\n${errors}`
  expect(exitCode, said).toBe(0)
  expect(errors).toBe('')
  for (const promise of promises) expect(output).toMatch(promise)
  expect(output).not.toContain('✗')
  expect(output).toMatch(new RegExp(`^consistent: ${orders} orders, ${kills} processes killed, `, 'm'))
  expect(output.match(/ killed [a-z-]+(?: \(kill -9 \d+\)|, process \d+)/g) ?? []).toHaveLength(kills)
}
