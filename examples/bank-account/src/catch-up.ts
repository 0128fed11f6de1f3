import type { Backend, Token } from '@eventspine/core'
import { type RunningProjection, runProjection } from '@eventspine/cqrs'
import { type Balance, balances } from './balances.ts'
import { count } from './count.ts'
import { formatMoney } from './money.ts'
import type { Transcript } from './transcript.ts'

/** Lets the read model catch up with what was done, and prints it. */
export async function catchUp(
  backend: Backend,
  tokens: readonly Token[],
  isFirst: boolean,
  transcript: Transcript,
): Promise<void> {
  transcript.section('The balances read model catches up')
  const startedAt = performance.now()
  await using running = await runProjection(backend, balances)
  for (const token of tokens) await running.caughtUpTo(token)
  const tookMs = Math.ceil(performance.now() - startedAt)
  const where = isFirst ? 'from the beginning' : 'from its checkpoint'
  transcript.line(
    `${running.group} went on ${where}: ${count(running.appliedEvents, 'event')} to handle, done in ${tookMs} ms`,
  )
  await printBalances(running, transcript)
}

async function printBalances(running: RunningProjection<Balance>, transcript: Transcript): Promise<void> {
  let closed = 0
  for await (const { key, state } of running.list()) {
    if (!state.isOpen) {
      closed++
      continue
    }
    const id = key.slice(key.indexOf(':') + 1).padEnd(13)
    const balance = formatMoney(state.cents).padStart(12)
    transcript.line(`  ${id} ${state.owner.padEnd(20)} ${balance}  after ${count(state.bookings, 'booking')}`)
  }
  transcript.line(`  and ${count(closed, 'closed account')}`)
}
