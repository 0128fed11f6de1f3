import { defineEvents, type EventStore } from '@eventspine/core'
import { z } from 'zod'
import { commandHandler, decider, domainError, external, processManager } from '../../src/index.ts'

const cents = z.number().int().positive()

export const account = defineEvents('account', {
  Opened: z.object({ cents: z.number().int() }),
  Deposited: z.object({ cents }),
  Withdrawn: z.object({ cents }),
  Closed: z.object({}),
})

export type AccountCommand =
  | { readonly type: 'Open'; readonly cents: number }
  | { readonly type: 'Deposit'; readonly cents: number }
  | { readonly type: 'Withdraw'; readonly cents: number }
  | { readonly type: 'Close' }

export const accountDecider = decider({
  events: account,
  initialState: () => ({ isOpen: false, cents: 0 }),
  evolve: (state, event) => {
    switch (event.type) {
      case 'Opened':
        return { isOpen: true, cents: event.data.cents }
      case 'Deposited':
        return { ...state, cents: state.cents + event.data.cents }
      case 'Withdrawn':
        return { ...state, cents: state.cents - event.data.cents }
      case 'Closed':
        return { ...state, isOpen: false }
    }
  },
  decide: (command: AccountCommand, state) => {
    if (command.type === 'Open') return account.event('Opened', { cents: command.cents })
    if (!state.isOpen) throw domainError('ACCOUNT_CLOSED', 'the account is closed')
    switch (command.type) {
      case 'Deposit':
        return account.event('Deposited', { cents: command.cents })
      case 'Withdraw':
        if (command.cents > state.cents) throw domainError('INSUFFICIENT_FUNDS', 'the balance is too low')
        return account.event('Withdrawn', { cents: command.cents })
      case 'Close':
        return account.event('Closed', {})
    }
  },
})

export const transfer = defineEvents('transfer', {
  Requested: z.object({ from: z.string(), to: z.string(), cents }),
  Completed: z.object({}),
  Failed: z.object({ reason: z.string() }),
})

type TransferCommand =
  | { readonly type: 'Request'; readonly from: string; readonly to: string; readonly cents: number }
  | { readonly type: 'Complete' }
  | { readonly type: 'Fail'; readonly reason: string }

export const transferDecider = decider({
  events: transfer,
  initialState: () => 'none',
  evolve: (_state, { type }) => type,
  decide: (command: TransferCommand, state) => {
    switch (command.type) {
      case 'Request': {
        const { from, to, cents } = command
        return state === 'none' ? transfer.event('Requested', { from, to, cents }) : []
      }
      case 'Complete':
        return transfer.event('Completed', {})
      case 'Fail':
        return transfer.event('Failed', { reason: command.reason })
    }
  },
})

export interface TransferState {
  readonly step: 'new' | 'withdrawing' | 'depositing' | 'returning' | 'completed' | 'failed'
  readonly from: string
  readonly to: string
  readonly cents: number
  readonly reason: string
  readonly reminders: number
}

export interface Mail {
  readonly text: string
}

export const REMINDER_MS = 60_000

/** Money from one account to another, and back when the other is closed; a reminder while it is not done. */
export const transfers = processManager({
  name: 'transfers',
  events: [transfer, account],
  receivers: { account: accountDecider, transfer: transferDecider, mail: external<Mail>() },
  keys: { Requested: ({ streamId }) => streamId },
  initialState: (): TransferState => ({ step: 'new', from: '', to: '', cents: 0, reason: '', reminders: 0 }),
  react: {
    Requested: (state, { data }) => ({
      state: { ...state, ...data, step: 'withdrawing' },
      commands: [{ to: 'account', stream: data.from, command: { type: 'Withdraw', cents: data.cents } }],
      timeouts: [{ name: 'reminder', inMs: REMINDER_MS }],
    }),
    Withdrawn: (state) =>
      state.step === 'withdrawing'
        ? {
            state: { ...state, step: 'depositing' },
            commands: [{ to: 'account', stream: state.to, command: { type: 'Deposit', cents: state.cents } }],
          }
        : undefined,
    Deposited: (state, _event, { key }) => {
      if (state.step === 'depositing')
        return {
          state: { ...state, step: 'completed' },
          commands: [{ to: 'transfer', stream: key, command: { type: 'Complete' } }],
          end: true,
        }
      if (state.step === 'returning')
        return {
          state: { ...state, step: 'failed' },
          commands: [
            { to: 'transfer', stream: key, command: { type: 'Fail', reason: state.reason } },
            { to: 'mail', stream: state.from, command: { text: state.reason } },
          ],
          end: true,
        }
      return undefined
    },
  },
  onTimeout: {
    reminder: (state) => ({
      state: { ...state, reminders: state.reminders + 1 },
      commands: [{ to: 'mail', stream: state.from, command: { text: `reminder ${state.reminders + 1}` } }],
      timeouts: [{ name: 'reminder', inMs: REMINDER_MS }],
    }),
  },
  onRefused: (state, { code }, { key }) => {
    if (state.step === 'withdrawing')
      return {
        state: { ...state, step: 'failed', reason: code },
        commands: [{ to: 'transfer', stream: key, command: { type: 'Fail', reason: code } }],
        end: true,
      }
    if (state.step === 'depositing')
      return {
        state: { ...state, step: 'returning', reason: code },
        commands: [{ to: 'account', stream: state.from, command: { type: 'Deposit', cents: state.cents } }],
      }
    return undefined
  },
})

/** The counter of the bank of these tests. */
export function bankOf(store: EventStore) {
  const handle = commandHandler(store, accountDecider)
  const request = commandHandler(store, transferDecider)
  return {
    open: (id: string, cents: number) => handle(id, { type: 'Open', cents }, { id: `open ${id}` }),
    close: (id: string) => handle(id, { type: 'Close' }, { id: `close ${id}` }),
    deposit: (id: string, cents: number, commandId: string) =>
      handle(id, { type: 'Deposit', cents }, { id: commandId }),
    request: (id: string, from: string, to: string, cents: number) =>
      request(id, { type: 'Request', from, to, cents }, { id: `request ${id}` }),
  }
}

/** What an account has, and the cents of all its bookings: positive for deposits. */
export async function bookingsOf(store: EventStore, id: string): Promise<readonly number[]> {
  const bookings: number[] = []
  for await (const { type, data } of account.store(store).read(id)) {
    if (type === 'Deposited') bookings.push(data.cents)
    if (type === 'Withdrawn') bookings.push(-data.cents)
  }
  return bookings
}

/** The event types of a transfer. */
export async function stepsOf(store: EventStore, id: string): Promise<readonly string[]> {
  return (await transfer.store(store).read(id).toArray()).map(({ type }) => type)
}
