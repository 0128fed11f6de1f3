import { defineEvents } from '@eventspine/core'
import { z } from 'zod'

const cents = z.number().int().positive()

/** What can happen to a bank account. Money is whole cents: fractions of a float would not add up. */
export const account = defineEvents('bank-account', {
  AccountOpened: z.object({ owner: z.string().min(1) }),
  MoneyDeposited: z.object({ cents }),
  MoneyWithdrawn: z.object({ cents }),
  AccountClosed: z.object({}),
})
