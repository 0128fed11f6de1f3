import { projection } from '@eventspine/cqrs'
import { account } from './account.ts'

/** One line of the read model. */
export interface Balance {
  readonly owner: string
  readonly cents: number
  readonly bookings: number
  readonly isOpen: boolean
}

/** All accounts with what is on them, one document each, behind the events by a moment. */
export const balances = projection({
  name: 'balances',
  events: account,
  initialState: (): Balance => ({ owner: '', cents: 0, bookings: 0, isOpen: false }),
  evolve: {
    AccountOpened: (balance, { data }) => ({ ...balance, owner: data.owner, isOpen: true }),
    MoneyDeposited: ({ cents, bookings, ...rest }, { data }) => ({
      ...rest,
      cents: cents + data.cents,
      bookings: bookings + 1,
    }),
    MoneyWithdrawn: ({ cents, bookings, ...rest }, { data }) => ({
      ...rest,
      cents: cents - data.cents,
      bookings: bookings + 1,
    }),
    AccountClosed: (balance) => ({ ...balance, isOpen: false }),
  },
})
