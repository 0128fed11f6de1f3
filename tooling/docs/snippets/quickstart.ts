import { defineEvents, open } from '@eventspine/core'
import { commandHandler, decider, domainError } from '@eventspine/cqrs'
import { z } from 'zod'

const account = defineEvents('bank-account', {
  MoneyDeposited: z.object({ cents: z.number().int().positive() }),
  MoneyWithdrawn: z.object({ cents: z.number().int().positive() }),
})

const rules = decider({
  events: account,
  initialState: () => ({ cents: 0 }),
  evolve: ({ cents }, { type, data }) => ({
    cents: type === 'MoneyDeposited' ? cents + data.cents : cents - data.cents,
  }),
  decide: (command: { type: 'Deposit' | 'Withdraw'; cents: number }, state) => {
    const { type, cents } = command
    if (type === 'Deposit') return account.event('MoneyDeposited', { cents })
    if (cents > state.cents) throw domainError('INSUFFICIENT_FUNDS', `the balance is ${state.cents}`)
    return account.event('MoneyWithdrawn', { cents })
  },
})

const adapters = {
  memory: () => import('@eventspine/memory'),
  postgres: () => import('@eventspine/postgres'),
}
await using backend = await open(process.env.EVENTSPINE_STORE ?? 'memory:', adapters, { create: true })
await using statement = await backend.stream.subscribe({
  group: 'statement',
  handlers: account.handlers({
    MoneyDeposited: ({ data }) => console.log(`+ ${data.cents}`), // => + 2000
    MoneyWithdrawn: ({ data }) => console.log(`- ${data.cents}`), // => - 500
  }),
})

const handle = commandHandler(backend.store, rules)
const stream = account.stream(crypto.randomUUID())
await handle(stream, { type: 'Deposit', cents: 2000 })
const { token, state } = await handle(stream, { type: 'Withdraw', cents: 500 })
await statement.caughtUpTo(token)
console.log(`balance: ${state.cents}`) // => balance: 1500
