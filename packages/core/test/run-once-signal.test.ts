import { expect, it } from 'vitest'
import { memory } from '../../memory/src/index.ts'

it('starts nothing in a run whose signal was aborted before', async () => {
  const backend = memory()
  await backend.store.append('note:1', [{ type: 'Noted', data: {} }])
  let handled = 0
  const signal = AbortSignal.abort()
  const handlers = (): void => void handled++
  await backend.stream.runOnce({ group: 'notes', handlers, budgetMs: 1000, signal })
  expect(handled).toBe(0)
  await backend.stream.runOnce({ group: 'notes', handlers, budgetMs: 1000 })
  expect(handled).toBe(1)
  await backend.close()
})
