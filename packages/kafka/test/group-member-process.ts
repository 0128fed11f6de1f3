import { setTimeout as delay } from 'node:timers/promises'
import { numberOf, GroupBed } from './group-bed.ts'
import { kafka } from '../src/index.ts'

/*
 * A member of a group in a process of its own, to be killed or paused. It tells its parent of each event before and
 * after it is handled, and when its lease is lost.
 */

const [, , url = '', topic = '', group = '', leaseMs = ''] = process.argv
const { client } = new GroupBed(url)
const backend = await kafka({ client, topic })
const subscription = await backend.stream.subscribe({
  group,
  leaseMs: Number(leaseMs),
  maxInFlightEvents: 50,
  onNotice: ({ kind }) => process.send?.({ kind }),
  handlers: async (event, { fencingToken }) => {
    await delay(1)
    process.send?.({ kind: 'handled', n: numberOf(event), fencingToken })
  },
})
process.once('disconnect', () => process.exit(1))
process.once('message', () => void subscription.stop().then(() => process.exit(0)))
