import { decider, domainError } from '@eventspine/cqrs'
import { checkAmount } from './money.ts'
import { transfer } from './transfer.ts'

export type TransferStatus = 'unknown' | 'requested' | 'completed' | 'failed'

export type TransferCommand =
  | { readonly type: 'RequestTransfer'; readonly from: string; readonly to: string; readonly cents: number }
  | { readonly type: 'CompleteTransfer' }
  | { readonly type: 'FailTransfer'; readonly code: string; readonly reason: string }

/** The life of a transfer: requested once, then completed or failed. */
export const transferDecider = decider({
  events: transfer,

  initialState: (): TransferStatus => 'unknown',

  evolve: (_status, event) => {
    switch (event.type) {
      case 'TransferRequested':
        return 'requested'
      case 'TransferCompleted':
        return 'completed'
      case 'TransferFailed':
        return 'failed'
    }
  },

  decide: (command: TransferCommand, status) => {
    switch (command.type) {
      case 'RequestTransfer': {
        const { from, to, cents } = command
        if (status !== 'unknown')
          throw domainError('TRANSFER_REQUESTED_BEFORE', 'a transfer is requested once')
        if (from === to) throw domainError('SAME_ACCOUNT', 'money goes from one account to another')
        checkAmount(cents)
        return { type: 'TransferRequested', data: { from, to, cents } }
      }
      case 'CompleteTransfer':
        return status === 'requested' ? { type: 'TransferCompleted', data: {} } : []
      case 'FailTransfer': {
        const { code, reason } = command
        return status === 'requested' ? { type: 'TransferFailed', data: { code, reason } } : []
      }
    }
  },
})
