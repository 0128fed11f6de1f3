import type { EventStore } from '@eventspine/core'
import { fold } from '@eventspine/cqrs'
import { accountDecider } from './account-decider.ts'
import { describeState } from './counter.ts'
import { formatMoney } from './money.ts'
import { statement } from './statement.ts'
import type { Transcript } from './transcript.ts'

/** Folds an account's statement on the spot, and its state as it once was. */
export async function printStatement(store: EventStore, id: string, transcript: Transcript): Promise<void> {
  transcript.section(`The statement of ${id}, folded live`)
  const { state: lines, version } = await fold(store, statement, id)
  if (version > lines.length) transcript.aside(`… ${version - lines.length} earlier`)
  for (const { version, text, cents, balance } of lines) {
    const amount = cents === 0 ? '' : `${cents > 0 ? '+' : ''}${formatMoney(cents)}`
    transcript.line(
      `${String(version).padStart(4)}  ${text.padEnd(24)} ${amount.padStart(10)} ${formatMoney(balance).padStart(12)}`,
    )
  }
  const past = await fold(store, accountDecider, id, { at: 2 })
  transcript.aside(`as it was after its first deposit: ${describeState(past.state, past.version)}`)
}
