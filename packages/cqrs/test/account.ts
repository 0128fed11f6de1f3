import { defineEvents } from '@eventspine/core'
import { z } from 'zod'
import { decider, domainError } from '../src/index.ts'

/** The aggregate of these tests. */
export const account = defineEvents('account', {
  Opened: z.object({ owner: z.string() }),
  Deposited: z.object({ cents: z.number().positive() }),
  Withdrawn: z.object({ cents: z.number().positive() }),
  Closed: z.object({}),
})

export interface Account {
  readonly status: 'missing' | 'open' | 'closed'
  readonly cents: number
}

export type AccountCommand =
  | { readonly type: 'Open'; readonly owner: string }
  | { readonly type: 'Deposit'; readonly cents: number }
  | { readonly type: 'Withdraw'; readonly cents: number }
  | { readonly type: 'Clear' }
  | { readonly type: 'Close' }

export const accountDecider = decider({
  events: account,
  initialState: (): Account => ({ status: 'missing', cents: 0 }),
  evolve: (state, event) => {
    switch (event.type) {
      case 'Opened':
        return { ...state, status: 'open' }
      case 'Deposited':
        return { ...state, cents: state.cents + event.data.cents }
      case 'Withdrawn':
        return { ...state, cents: state.cents - event.data.cents }
      case 'Closed':
        return { ...state, status: 'closed' }
    }
  },
  decide: (command: AccountCommand, state) => {
    switch (command.type) {
      case 'Open':
        if (state.status !== 'missing') throw domainError('ALREADY_OPEN', 'the account is open already')
        return { type: 'Opened', data: { owner: command.owner } }
      case 'Deposit':
        return { type: 'Deposited', data: { cents: command.cents } }
      case 'Withdraw':
        if (state.cents < command.cents) {
          throw domainError('INSUFFICIENT_FUNDS', 'the balance is too low', { cents: state.cents })
        }
        return { type: 'Withdrawn', data: { cents: command.cents } }
      case 'Clear':
        return state.cents === 0 ? [] : { type: 'Withdrawn', data: { cents: state.cents } }
      case 'Close': {
        const closed = { type: 'Closed', data: {} } as const
        return state.cents === 0 ? [closed] : [{ type: 'Withdrawn', data: { cents: state.cents } }, closed]
      }
    }
  },
})
