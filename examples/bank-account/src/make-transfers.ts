import { randomUUID } from 'node:crypto'
import type { Backend, Token } from '@eventspine/core'
import { commandHandler, fold, type RunningProcess, runProcess } from '@eventspine/cqrs'
import { accountDecider } from './account-decider.ts'
import { describeState } from './counter.ts'
import { formatMoney } from './money.ts'
import type { Transcript } from './transcript.ts'
import { transfer } from './transfer.ts'
import { transferDecider } from './transfer-decider.ts'
import { type Transfer, transfers } from './transfers.ts'

interface Wish {
  readonly from: string
  readonly to: string
  readonly cents: number
}

/**
 * Moves money between accounts: once with success, once to an account that is closed, once more than there is.
 *
 * @returns the tokens of the accounts' last events.
 */
export async function makeTransfers(
  backend: Backend,
  closedAccount: string,
  transcript: Transcript,
): Promise<readonly Token[]> {
  transcript.section('Transfers, by a process')
  await using running = await runProcess(backend, transfers)
  const wishes: readonly Wish[] = [
    { from: 'ada', to: 'grace', cents: 15_00 },
    { from: 'ada', to: closedAccount, cents: 5_00 },
    { from: 'grace', to: 'ada', cents: 9_000_00 },
  ]
  for (const wish of wishes) await makeTransfer(backend, running, wish, transcript)
  const states = await Promise.all(['ada', 'grace'].map((id) => fold(backend.store, accountDecider, id)))
  return states.flatMap(({ position }) => position ?? [])
}

async function makeTransfer(
  { store }: Backend,
  running: RunningProcess<Transfer>,
  { from, to, cents }: Wish,
  transcript: Transcript,
): Promise<void> {
  const id = randomUUID()
  const request = commandHandler(store, transferDecider)
  await request(id, { type: 'RequestTransfer', from, to, cents }, { id })
  const { state } = await running.ended(transfer.stream(id), { timeoutMs: 60_000 })
  const { state: account, version } = await fold(store, accountDecider, from)
  const what = `transfer ${formatMoney(cents)}`
  const left = describeState(account, version)
  if (state.step === 'completed') transcript.done(from, what, `to ${to}: ${left}`)
  else transcript.refused(from, what, `to ${to}: ${state.reason}; ${left}`, state.code)
}
