import {
  checkContractLock,
  defineEvents,
  deprecated,
  type DeprecationOf,
  EventStoreError,
  readAs,
  versions,
} from '@eventspine/core'
import { memory } from '@eventspine/memory'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'

await using backend = memory()

// #region versions
const account = defineEvents('bank-account', {
  AccountOpened: z.object({ owner: z.string() }),
  MoneyDeposited: versions(z.object({ amount: z.number() }))
    .next(z.object({ cents: z.number() }), ({ amount }) => ({ cents: Math.round(amount * 100) }))
    .next(z.object({ cents: z.number(), currency: z.string() }), ({ cents }) => ({ cents, currency: 'EUR' })),
})

// What the service stored years ago.
await backend.store.append('bank-account:42', [{ type: 'MoneyDeposited', data: { amount: 19.99 } }])

const [deposit] = await account.store(backend.store).read('42').toArray()
if (deposit?.type === 'MoneyDeposited') console.log(deposit.data.cents, deposit.data.currency) // => 1999 EUR
console.log(deposit?.schemaVersion) // => 3
// #endregion

// #region legacy
const today = defineEvents(
  'bank-account',
  { ...account.definitions, LimitSet: z.object({ cents: z.number() }) },
  {
    legacy: {
      AccountCreated: 'AccountOpened',
      AccountOpenedWithLimit: readAs(
        z.object({ owner: z.string(), limit: z.number() }),
        ({ owner, limit }) => [
          { type: 'AccountOpened', data: { owner } },
          { type: 'LimitSet', data: { cents: limit * 100 } },
        ],
      ),
      StatementPrinted: readAs(z.object({}), () => []),
    },
  },
)

await backend.store.append('bank-account:43', [
  { type: 'AccountOpenedWithLimit', data: { owner: 'Ada', limit: 500 } },
  { type: 'StatementPrinted', data: {} },
])

for await (const { type, data, streamPosition } of today.store(backend.store).read('43')) {
  console.log(streamPosition, type, JSON.stringify(data))
}
// => 1 AccountOpened {"owner":"Ada"}
// => 1 LimitSet {"cents":50000}
// #endregion

// #region unknown
await backend.store.append('bank-account:44', [{ type: 'AccountMerged', data: { into: '42' } }])

try {
  await today.store(backend.store).read('44').toArray()
} catch (error) {
  if (!EventStoreError.is(error, 'SCHEMA_MISMATCH')) throw error
  console.log(error.field) // => type
}

const tolerant = today.withUnknown('skip')
console.log((await tolerant.store(backend.store).read('44').toArray()).length) // => 0
// #endregion

// #region deprecated
const limits = defineEvents('limit', {
  LimitSet: z.object({ cents: z.number() }),
  LimitRaised: deprecated(z.object({ by: z.number() }), { since: '2026-11-21', remark: 'use LimitSet' }),
})

type Notice = DeprecationOf<typeof limits, 'LimitRaised'>
const remark: Notice['remark'] = 'use LimitSet'
console.log(remark) // => use LimitSet
// #endregion

const folder = await mkdtemp(join(tmpdir(), 'eventspine-'))
const file = join(folder, 'contracts.lock.json')
try {
  // #region lock
  await checkContractLock({ file, contracts: [account], write: 'compatible' })
  await checkContractLock({ file, contracts: [account] })

  const careless = defineEvents('bank-account', {
    ...account.definitions,
    AccountOpened: z.object({ owner: z.object({ name: z.string() }) }),
  })
  try {
    await checkContractLock({ file, contracts: [careless] })
  } catch (error) {
    if (!EventStoreError.is(error, 'SCHEMA_MISMATCH')) throw error
    for (const line of error.message.split('\n').slice(2, 5)) console.log(line)
  }
  // => bank-account.AccountOpened version 1 changed: add a version with `versions(…).next(…)`
  // =>     data.owner
  // =>   - {"type":"string"}
  // #endregion
} finally {
  await rm(folder, { recursive: true })
}
