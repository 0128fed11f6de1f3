import { processManager } from '@eventspine/cqrs'
import { account } from './account.ts'
import { accountDecider } from './account-decider.ts'
import { transfer } from './transfer.ts'
import { transferDecider } from './transfer-decider.ts'

export interface Transfer {
  readonly step: 'unknown' | 'withdrawing' | 'depositing' | 'returning' | 'completed' | 'failed'
  readonly from: string
  readonly to: string
  readonly cents: number
  readonly code: string
  readonly reason: string
}

/**
 * Moves money between two accounts, which no one commit could hold on every backend: it is withdrawn from one,
 * deposited on the other, and deposited back where it came from when the other refuses it.
 */
export const transfers = processManager({
  name: 'transfers',
  events: [transfer, account],
  receivers: { account: accountDecider, transfer: transferDecider },
  keys: { TransferRequested: ({ streamId }) => streamId },

  initialState: (): Transfer => ({ step: 'unknown', from: '', to: '', cents: 0, code: '', reason: '' }),

  react: {
    TransferRequested: (state, { data }) => ({
      state: { ...state, ...data, step: 'withdrawing' },
      commands: [{ to: 'account', stream: data.from, command: { type: 'WithdrawMoney', cents: data.cents } }],
    }),

    // Of the events of accounts only those reach a transfer that its own commands led to.
    MoneyWithdrawn: (state) => ({
      state: { ...state, step: 'depositing' },
      commands: [{ to: 'account', stream: state.to, command: { type: 'DepositMoney', cents: state.cents } }],
    }),

    MoneyDeposited: (state, _event, { key }) => {
      const { step, code, reason } = state
      return step === 'depositing'
        ? {
            state: { ...state, step: 'completed' },
            commands: [{ to: 'transfer', stream: key, command: { type: 'CompleteTransfer' } }],
            end: true,
          }
        : {
            state: { ...state, step: 'failed' },
            commands: [{ to: 'transfer', stream: key, command: { type: 'FailTransfer', code, reason } }],
            end: true,
          }
    },
  },

  onRefused: (state, { code, message: reason }, { key }) => {
    switch (state.step) {
      case 'withdrawing':
        return {
          state: { ...state, step: 'failed', code, reason },
          commands: [{ to: 'transfer', stream: key, command: { type: 'FailTransfer', code, reason } }],
          end: true,
        }
      case 'depositing':
        return {
          state: { ...state, step: 'returning', code, reason },
          commands: [
            { to: 'account', stream: state.from, command: { type: 'DepositMoney', cents: state.cents } },
          ],
        }
      default:
        // The first account was closed meanwhile: the money is the bank's to look after, and the process stays open.
        return { state: { ...state, code, reason } }
    }
  },
})
