import { decider, domainError } from '@eventspine/cqrs'
import { account } from './account.ts'
import { checkAmount, checkBalance, formatMoney } from './money.ts'

export interface Account {
  readonly status: 'unknown' | 'open' | 'closed'
  readonly cents: number
}

export type AccountCommand =
  | { readonly type: 'OpenAccount'; readonly owner: string }
  | { readonly type: 'DepositMoney'; readonly cents: number }
  | { readonly type: 'WithdrawMoney'; readonly cents: number }
  | { readonly type: 'CloseAccount' }

/** The rules of the bank. */
export const accountDecider = decider({
  events: account,

  initialState: (): Account => ({ status: 'unknown', cents: 0 }),

  evolve: (state, event) => {
    switch (event.type) {
      case 'AccountOpened':
        return { ...state, status: 'open' }
      case 'MoneyDeposited':
        return { ...state, cents: state.cents + event.data.cents }
      case 'MoneyWithdrawn':
        return { ...state, cents: state.cents - event.data.cents }
      case 'AccountClosed':
        return { ...state, status: 'closed' }
    }
  },

  decide: (command: AccountCommand, state) => {
    switch (command.type) {
      case 'OpenAccount':
        if (state.status !== 'unknown')
          throw domainError('ACCOUNT_ALREADY_OPENED', 'an account is opened once')
        if (command.owner.trim() === '') throw domainError('OWNER_MISSING', 'an account needs an owner')
        return { type: 'AccountOpened', data: { owner: command.owner } }

      case 'DepositMoney':
        checkOpen(state)
        checkAmount(command.cents)
        checkBalance(state.cents + command.cents)
        return { type: 'MoneyDeposited', data: { cents: command.cents } }

      case 'WithdrawMoney':
        checkOpen(state)
        checkAmount(command.cents)
        if (command.cents > state.cents) {
          const { cents } = state
          throw domainError('INSUFFICIENT_FUNDS', `the balance is ${formatMoney(cents)}`, { cents })
        }
        return { type: 'MoneyWithdrawn', data: { cents: command.cents } }

      case 'CloseAccount':
        checkOpen(state)
        if (state.cents > 0) {
          const { cents } = state
          throw domainError('ACCOUNT_NOT_EMPTY', `there are ${formatMoney(cents)} on it`, { cents })
        }
        return { type: 'AccountClosed', data: {} }
    }
  },
})

function checkOpen({ status }: Account): void {
  if (status === 'unknown') throw domainError('ACCOUNT_NOT_FOUND', 'there is no such account')
  if (status === 'closed') throw domainError('ACCOUNT_CLOSED', 'the account is closed')
}
