import { randomUUID } from 'node:crypto'
import type { Backend } from '@eventspine/core'
import { fold, readModel } from '@eventspine/cqrs'
import { account } from './account.ts'
import { accountDecider } from './account-decider.ts'
import { balances } from './balances.ts'
import { catchUp } from './catch-up.ts'
import { count } from './count.ts'
import { Counter, describeState } from './counter.ts'
import { makeTransfers } from './make-transfers.ts'
import { race } from './race.ts'
import { printStatement } from './print-statement.ts'
import type { Transcript } from './transcript.ts'

const customers = [
  { id: 'ada', owner: 'Ada Lovelace' },
  { id: 'grace', owner: 'Grace Hopper' },
] as const

/** One day at the bank. It may be told again and again on the same store: each time it goes on from the last. */
export async function tellStory(backend: Backend, transcript: Transcript): Promise<void> {
  const counter = new Counter(backend.store, transcript)
  const isFirst = await lookAround(backend, transcript)
  await openAccounts(backend, counter, transcript)
  await takeDeposits(counter, transcript)
  await refuse(backend, counter, transcript)
  const closed = await fillAndCloseOne(backend, counter, transcript)
  const raceToken = await race(backend.store, 'ada', transcript)
  const transferTokens = await makeTransfers(backend, closed, transcript)
  await catchUp(backend, [...counter.tokens, raceToken, ...transferTokens], isFirst, transcript)
  await printStatement(backend.store, 'ada', transcript)
  const isKept = backend.capabilities.durability !== 'process'
  transcript.section(
    isKept ? 'Run it again: it carries on from here' : 'In memory: with this process all of it is gone',
  )
}

/** @returns whether nothing had happened before. */
async function lookAround(backend: Backend, transcript: Transcript): Promise<boolean> {
  transcript.section('What is there')
  let isFirst = true
  for (const { id } of customers) {
    const { state, version } = await fold(backend.store, accountDecider, id)
    if (version === 0) continue
    isFirst = false
    transcript.line(`${id}: ${describeState(state, version)}`)
  }
  if (isFirst) transcript.line('nothing yet')
  else transcript.line(`carrying on with ${count(await countAccounts(backend), 'account')}`)
  return isFirst
}

async function countAccounts(backend: Backend): Promise<number> {
  let accounts = 0
  for await (const _balance of readModel(backend.documents, balances).list()) accounts++
  return accounts
}

async function openAccounts(backend: Backend, counter: Counter, transcript: Transcript): Promise<void> {
  transcript.section('Opening accounts')
  for (const { id, owner } of customers) {
    const { version } = await account.store(backend.store).head(id)
    if (version === 0) await counter.serve(id, { type: 'OpenAccount', owner })
  }
  await counter.serve('ada', { type: 'OpenAccount', owner: 'Somebody Else' })
}

async function takeDeposits(counter: Counter, transcript: Transcript): Promise<void> {
  transcript.section('Deposits')
  await counter.serve('ada', { type: 'DepositMoney', cents: 100_00 })
  await counter.serve('grace', { type: 'DepositMoney', cents: 60_00 })
  // A client that got no answer sends its command again, under the same id.
  const id = randomUUID()
  await counter.serve('ada', { type: 'DepositMoney', cents: 25_50 }, { id })
  await counter.serve('ada', { type: 'DepositMoney', cents: 25_50 }, { id })
}

async function refuse(backend: Backend, counter: Counter, transcript: Transcript): Promise<void> {
  transcript.section('Refused, each for its reason, with nothing written')
  const { state } = await fold(backend.store, accountDecider, 'ada')
  await counter.serve('ada', { type: 'WithdrawMoney', cents: state.cents + 1_00 })
  await counter.serve('ada', { type: 'DepositMoney', cents: -5_00 })
  await counter.serve('ada', { type: 'WithdrawMoney', cents: 0 })
  await counter.serve('ada', { type: 'DepositMoney', cents: 0.5 })
  await counter.serve('nobody', { type: 'DepositMoney', cents: 1_00 })
}

/** @returns which account it was. */
async function fillAndCloseOne(backend: Backend, counter: Counter, transcript: Transcript): Promise<string> {
  transcript.section('A piggy bank, from opening to closing')
  const id = await unusedPiggyBank(backend)
  await counter.serve(id, { type: 'OpenAccount', owner: 'Ada Lovelace' })
  await counter.serve(id, { type: 'DepositMoney', cents: 10_00 })
  await counter.serve(id, { type: 'CloseAccount' })
  await counter.serve(id, { type: 'WithdrawMoney', cents: 10_00 })
  await counter.serve(id, { type: 'CloseAccount' })
  await counter.serve(id, { type: 'DepositMoney', cents: 10_00 })
  return id
}

async function unusedPiggyBank(backend: Backend): Promise<string> {
  // The read model may be behind, so the stream has the last word.
  for (let number = (await countAccounts(backend)) - customers.length + 1; ; number++) {
    const id = `piggy-bank-${Math.max(number, 1)}`
    const { version } = await account.store(backend.store).head(id)
    if (version === 0) return id
  }
}
