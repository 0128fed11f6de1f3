import { messageSchedule } from '@eventspine/cqrs'
import { FakeClock } from '@eventspine/cqrs/testing'
import { memory } from '@eventspine/memory'

await using backend = memory()
const clock = new FakeClock('2030-05-01T00:00:00Z')

// #region schedule
const reminders = messageSchedule<{ text: string }>(backend.documents, {
  name: 'reminders',
  clock: clock.now,
})

await reminders.add('birthday-ada', new Date('2030-12-10T08:00:00Z'), { text: 'Ada has her birthday' })
await reminders.add('dentist', new Date('2030-06-01T08:00:00Z'), { text: 'to the dentist' })
console.log(await reminders.cancel('dentist')) // => cancelled

clock.set('2030-12-10T08:00:00Z')
const result = await reminders.runOnce({
  deliver: ({ text }, { id, attempt }) => console.log(id, attempt, text), // => birthday-ada 1 Ada has her birthday
})
console.log(result) // => { delivered: 1, failed: 0 }
// #endregion
