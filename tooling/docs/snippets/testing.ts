import { defineEvents } from '@eventspine/core'
import { commandHandler, decider, domainError, projection } from '@eventspine/cqrs'
import { FakeClock, given, on } from '@eventspine/cqrs/testing'
import { Faults, memory } from '@eventspine/memory'
import { z } from 'zod'

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

// #region decider
const deposited = account.event('MoneyDeposited', { cents: 500 })

await given(accountDecider, deposited)
  .when({ type: 'Withdraw', cents: 200 })
  .then(account.event('MoneyWithdrawn', { cents: 200 }))

await given(accountDecider, deposited)
  .when({ type: 'Withdraw', cents: 700 })
  .thenRefused('INSUFFICIENT_FUNDS')

await given(accountDecider, deposited, deposited).thenState(1000)
// #endregion

// #region difference
const failure: unknown = await given(accountDecider, deposited)
  .when({ type: 'Withdraw', cents: 200 })
  .then(account.event('MoneyWithdrawn', { cents: 20 }))
  .catch((error: unknown) => error)

for (const line of String(failure).split('\n').slice(5)) console.log(line)
// =>   [
// =>     {
// =>       data: {
// => -       cents: 20
// => +       cents: 200
// =>       },
// =>       type: 'MoneyWithdrawn'
// =>     }
// =>   ]
// #endregion

// #region projection
const [ada, bob] = [account.stream('ada'), account.stream('bob')]

await given(balances, on(ada, deposited))
  .when(on(bob, deposited), on(ada, account.event('MoneyWithdrawn', { cents: 100 })))
  .then({ 'bank-account:ada': 400, 'bank-account:bob': 500 })
// #endregion

// #region faults
const clock = new FakeClock('2026-11-21T08:00:00Z')
const faults = new Faults()
await using backend = memory({ clock: clock.now, faults })
const handle = commandHandler(backend.store, accountDecider)

faults.failAfter('append') // The commit is made, and its reply is lost.
const { version, repeated } = await handle('ada', { type: 'Deposit', cents: 500 })
console.log(version, repeated) // => 1 false

clock.advance(60_000)
await handle('ada', { type: 'Withdraw', cents: 100 })
const times = await backend.store.read('bank-account:ada').toArray()
console.log(times.map(({ timestamp }) => timestamp.slice(11, 19)).join(' ')) // => 08:00:00 08:01:00
// #endregion
