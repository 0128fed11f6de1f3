import { describe, expect, it } from 'vitest'
import { memory } from '../../memory/src/index.ts'
import type { Transaction } from '../src/index.ts'

const noted = { type: 'Noted', data: {} }

describe('the ports of a transaction', () => {
  it('refuse every call once it has ended, by a commit or a rollback', async () => {
    const backend = memory()
    for (const failure of [undefined, new Error('rolled back on purpose')]) {
      let leaked: Transaction | undefined
      const ended = backend.transaction(async (transaction) => {
        leaked = transaction
        if (failure !== undefined) throw failure
      })
      await (failure === undefined ? ended : expect(ended).rejects.toBe(failure))
      await expect(leaked?.store.append('note:1', [noted])).rejects.toMatchObject({ code: 'CLOSED' })
      await expect(leaked?.documents.collection('notes').put('n', {})).rejects.toMatchObject({
        code: 'CLOSED',
      })
    }
    await backend.store.append('note:2', [noted])
    expect((await backend.store.feed().toArray()).map(({ streamId }) => streamId)).toEqual(['note:2'])
    await backend.close()
  })

  it('carry out an append that was begun and not awaited', async () => {
    const backend = memory()
    let begun: Promise<unknown> | undefined
    await backend.transaction(async ({ store }) => {
      begun = store.append('note:1', [noted])
    })
    await begun
    expect((await backend.store.read('note:1').toArray()).length).toBe(1)
    await backend.close()
  })
})
