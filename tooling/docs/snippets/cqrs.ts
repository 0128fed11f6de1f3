import { defineEvents } from '@eventspine/core'
import {
  commandHandler,
  decider,
  DomainError,
  domainError,
  fold,
  projection,
  runProjection,
} from '@eventspine/cqrs'
import { memory } from '@eventspine/memory'
import { z } from 'zod'

const account = defineEvents('bank-account', {
  MoneyDeposited: z.object({ cents: z.number().int().positive() }),
  MoneyWithdrawn: z.object({ cents: z.number().int().positive() }),
})

type Command = { type: 'Deposit'; cents: number } | { type: 'Withdraw'; cents: number }

const accountDecider = decider({
  events: account,
  initialState: () => ({ cents: 0 }),
  evolve: ({ cents }, { type, data }) => ({
    cents: type === 'MoneyDeposited' ? cents + data.cents : cents - data.cents,
  }),
  decide: ({ type, cents }: Command, state) => {
    if (type === 'Deposit') return account.event('MoneyDeposited', { cents })
    if (cents > state.cents) throw domainError('INSUFFICIENT_FUNDS', `the balance is ${state.cents}`)
    return account.event('MoneyWithdrawn', { cents })
  },
})

const balances = projection({
  name: 'balances',
  events: account,
  initialState: () => ({ cents: 0, bookings: 0 }),
  evolve: {
    MoneyDeposited: (balance, { data }) => ({
      cents: balance.cents + data.cents,
      bookings: balance.bookings + 1,
    }),
    MoneyWithdrawn: (balance, { data }) => ({
      cents: balance.cents - data.cents,
      bookings: balance.bookings + 1,
    }),
  },
})

await using backend = memory()
const handle = commandHandler(backend.store, accountDecider)
const { version } = await handle('42', { type: 'Deposit', cents: 2000 }, { id: 'deposit-1' })
const again = await handle('42', { type: 'Deposit', cents: 2000 }, { id: 'deposit-1' })
console.log(version, again.version, again.repeated) // => 1 1 true

try {
  await handle('42', { type: 'Withdraw', cents: 5000 })
} catch (error) {
  if (!DomainError.is(error, 'INSUFFICIENT_FUNDS')) throw error
  console.log(error.message) // => the balance is 2000
}

const { token } = await handle('42', { type: 'Withdraw', cents: 500 })
console.log(await fold(backend.store, accountDecider, '42', { at: 1 }).then(({ state }) => state.cents)) // => 2000

await using running = await runProjection(backend, balances)
await running.caughtUpTo(token)
console.log(await running.get(account.stream('42'))) // => { cents: 1500, bookings: 2 }
