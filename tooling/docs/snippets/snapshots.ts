import { defineEvents } from '@eventspine/core'
import { commandHandler, decider, fold, snapshots } from '@eventspine/cqrs'
import { memory } from '@eventspine/memory'
import { z } from 'zod'

const meter = defineEvents('meter', { Read: z.object({ kwh: z.number() }) })

const meterDecider = decider({
  events: meter,
  initialState: () => ({ kwh: 0 }),
  evolve: (_state, { data }) => ({ kwh: data.kwh }),
  decide: (command: { readonly kwh: number }, state) => {
    return command.kwh > state.kwh ? meter.event('Read', { kwh: command.kwh }) : []
  },
})

await using backend = memory()

// #region use
const kept = snapshots<{ kwh: number }>(backend.documents, { name: 'meter', everyEvents: 50 })
const handle = commandHandler(backend.store, meterDecider, { snapshots: kept })
for (let kwh = 1; kwh <= 120; kwh++) await handle('7', { kwh }, { id: `reading-${kwh}` })

const { state, version } = await fold(backend.store, meterDecider, '7', { snapshots: kept })
console.log(state.kwh, version) // => 120 120

const again = await handle('7', { kwh: 3 }, { id: 'reading-3' })
console.log(again.repeated, again.version) // => true 3
// #endregion

// #region codec
const dated = snapshots<{ since: Date }>(backend.documents, {
  name: 'dated',
  codec: {
    encode: ({ since }) => since.getTime(),
    decode: (value) => ({ since: new Date(value as number) }),
  },
  onNotice: ({ kind, streamId }) => console.error(`the snapshot of ${streamId} is ${kind}`),
})
await dated.delete('meter:7')
// #endregion
