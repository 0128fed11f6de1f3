import { defineEvents } from '@eventspine/core'
import { commandHandler, decider } from '@eventspine/cqrs'
import { memory } from '@eventspine/memory'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { golden } from './golden-vectors.ts'

const account = defineEvents('bank-account', { Noted: z.object({}) })

const noteTwice = decider({
  events: account,
  initialState: () => 0,
  evolve: (count) => count + 1,
  decide: (_command: { type: 'NoteTwice' }) => [account.event('Noted', {}), account.event('Noted', {})],
})

it('derives the ids of events from their command as docs/wire.md says', async () => {
  expect(golden.commandEventIds.length).toBeGreaterThan(2)
  for (const { streamId, commandId, index, id } of golden.commandEventIds) {
    const backend = memory()
    const handle = commandHandler(backend.store, noteTwice)
    const { events } = await handle(account.stream(streamId), { type: 'NoteTwice' }, { id: commandId })
    expect(events[index]?.id).toBe(id)
    await backend.close()
  }
})
