import { defineEvents } from '@eventspine/core'
import { commandHandler, decider, DomainError, domainError } from '@eventspine/cqrs'
import { fold, projection, runProjection } from '@eventspine/cqrs'
import { memory } from '@eventspine/memory'
import { z } from 'zod'

// #region example
const account = defineEvents('bank-account', {
  MoneyDeposited: z.object({ cents: z.number().int().positive() }),
  MoneyWithdrawn: z.object({ cents: z.number().int().positive() }),
})

type Command = { type: 'Deposit'; cents: number } | { type: 'Withdraw'; cents: number }

const accountDecider = decider({
  events: account,
  initialState: () => 0,
  evolve: (balance, { type, data }) => balance + (type === 'MoneyDeposited' ? data.cents : -data.cents),
  decide: ({ type, cents }: Command, balance) => {
    if (type === 'Deposit') return account.event('MoneyDeposited', { cents })
    if (cents > balance) throw domainError('INSUFFICIENT_FUNDS', `the balance is ${balance}`)
    return account.event('MoneyWithdrawn', { cents })
  },
})

const balances = projection({
  name: 'balances',
  events: account,
  initialState: () => 0,
  evolve: {
    MoneyDeposited: (balance, { data }) => balance + data.cents,
    MoneyWithdrawn: (balance, { data }) => balance - data.cents,
  },
})

await using backend = memory()
const handle = commandHandler(backend.store, accountDecider)
await handle('42', { type: 'Deposit', cents: 2000 }, { id: 'deposit-1' })
const again = await handle('42', { type: 'Deposit', cents: 2000 }, { id: 'deposit-1' })
console.log(again.version, again.repeated) // => 1 true

try {
  await handle('42', { type: 'Withdraw', cents: 5000 })
} catch (error) {
  if (!DomainError.is(error, 'INSUFFICIENT_FUNDS')) throw error
  console.log(error.message) // => the balance is 2000
}

const { token, state } = await handle('42', { type: 'Withdraw', cents: 500 })
const { state: before } = await fold(backend.store, accountDecider, '42', { at: 1 })
console.log(before, state) // => 2000 1500

await using running = await runProjection(backend, balances)
await running.caughtUpTo(token)
console.log(await running.get(account.stream('42'))) // => 1500
// #endregion
