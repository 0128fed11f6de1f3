import type { EventStore, Token } from '@eventspine/core'
import { commandHandler, fold, type RetryNotice } from '@eventspine/cqrs'
import { type AccountCommand, accountDecider } from './account-decider.ts'
import { describeCommand, describeState } from './counter.ts'
import { MeetingPoint } from './meeting-point.ts'
import type { Transcript } from './transcript.ts'

const tellers: readonly { readonly name: string; readonly command: AccountCommand }[] = [
  { name: 'teller A', command: { type: 'WithdrawMoney', cents: 40_00 } },
  { name: 'teller B', command: { type: 'WithdrawMoney', cents: 30_00 } },
]

/**
 * Two tellers withdraw from one account at once: both have decided before either writes.
 *
 * @returns the token of the later one.
 */
export async function race(store: EventStore, id: string, transcript: Transcript): Promise<Token> {
  transcript.section('Two tellers race for one account')
  const before = await fold(store, accountDecider, id)
  transcript.line(`both tellers read ${id}: ${describeState(before.state, before.version)}`)
  const meeting = new MeetingPoint(tellers.length)
  const outcomes = await Promise.all(
    tellers.map(async ({ name, command }) => {
      const retries: RetryNotice[] = []
      const handle = commandHandler(meeting.before(store), accountDecider, {
        onRetry: (notice) => retries.push(notice),
      })
      try {
        return { name, command, retries, result: await handle(id, command) }
      } finally {
        meeting.giveUp()
      }
    }),
  )
  const inOrder = outcomes.toSorted((a, b) => a.result.version - b.result.version)
  for (const { name, command, retries, result } of inOrder) {
    for (const { error } of retries)
      transcript.refused(name, describeCommand(command), error.message, error.code)
    const how = retries.length === 0 ? 'wins' : 'reads again, decides again, wins'
    transcript.done(name, describeCommand(command), `${how}: ${describeState(result.state, result.version)}`)
  }
  return inOrder.at(-1)?.result.token ?? ''
}
