import { commandHandler, DomainError, fold, type Reaction, runProcess } from '@eventspine/cqrs'
import { memory } from '@eventspine/memory'
import { describe, expect, test } from 'vitest'
import { accountDecider } from '../src/account-decider.ts'
import { transferDecider, type TransferCommand, type TransferStatus } from '../src/transfer-decider.ts'
import { transfer } from '../src/transfer.ts'
import { type Transfer, transfers } from '../src/transfers.ts'

const key = 'transfer:1'
const moved = { from: 'ada', to: 'grace', cents: 500 }
const closed = { code: 'ACCOUNT_CLOSED', reason: 'the account is closed' }
const refused = { code: closed.code, message: closed.reason }

const onItsWay = (step: Transfer['step'], failure = { code: '', reason: '' }): Transfer => ({
  ...moved,
  ...failure,
  step,
})

function afterRefusal(state: Transfer): Reaction<Transfer, typeof transfers.receivers> | undefined {
  const command = { type: 'DepositMoney', cents: 500 } as const
  const refusal = { to: 'account', stream: 'grace', command, ...refused } as const
  return transfers.reactionTo(state, { kind: 'refused', refusal }, { key })
}

describe('a transfer', () => {
  test('fails at once when the first account refuses the withdrawal', () => {
    expect(afterRefusal(onItsWay('withdrawing'))).toEqual({
      state: onItsWay('failed', closed),
      commands: [{ to: 'transfer', stream: key, command: { type: 'FailTransfer', ...closed } }],
      end: true,
    })
  })

  test('gives the money back when the second account refuses the deposit', () => {
    expect(afterRefusal(onItsWay('depositing'))).toEqual({
      state: onItsWay('returning', closed),
      commands: [{ to: 'account', stream: 'ada', command: { type: 'DepositMoney', cents: 500 } }],
    })
  })

  test('stays open when the money can be given back to nobody', () => {
    expect(afterRefusal(onItsWay('returning', closed))).toEqual({ state: onItsWay('returning', closed) })
  })

  test('stays open, with the money in the bank, when both accounts are closed under way', async () => {
    await using backend = memory()
    const handle = commandHandler(backend.store, accountDecider)
    for (const id of ['ada', 'grace']) await handle(id, { type: 'OpenAccount', owner: id })
    await handle('ada', { type: 'DepositMoney', cents: 500 })
    await handle('grace', { type: 'CloseAccount' })
    const request = commandHandler(backend.store, transferDecider)
    await request('1', { type: 'RequestTransfer', ...moved })
    // Ada's account is closed between the withdrawal and the deposit that gives it back.
    const isReturn = (state: Transfer): boolean => state.step === 'returning'
    const closing: typeof transfers = {
      ...transfers,
      receivers: {
        ...transfers.receivers,
        account: {
          ...accountDecider,
          decide: (command, state) =>
            accountDecider.decide(
              command,
              command.type === 'DepositMoney' ? { ...state, status: 'closed' } : state,
            ),
        },
      },
    }
    await using running = await runProcess(backend, closing)
    await expect
      .poll(async () => (await running.get(key))?.state, { timeout: 60_000 })
      .toSatisfy((state: Transfer | undefined) => state !== undefined && isReturn(state) && state.code !== '')
    await expect.poll(async () => (await running.get(key))?.outputsLeft, { timeout: 60_000 }).toBe(0)
    expect(await running.get(key)).toMatchObject({ status: 'running' })
    expect((await fold(backend.store, accountDecider, 'ada')).state.cents).toBe(0)
    expect((await fold(backend.store, transferDecider, '1')).state).toBe('requested')
  })
})

describe('what becomes of a transfer', () => {
  const decide = (command: TransferCommand, status: TransferStatus): unknown =>
    transferDecider.decide(command, status)

  test('is decided once', () => {
    const failed = { type: 'FailTransfer', ...closed } as const
    expect(decide({ type: 'CompleteTransfer' }, 'requested')).toMatchObject({ type: 'TransferCompleted' })
    expect(decide(failed, 'requested')).toMatchObject({ type: 'TransferFailed', data: closed })
    expect(decide({ type: 'CompleteTransfer' }, 'failed')).toEqual([])
    expect(decide(failed, 'completed')).toEqual([])
  })

  test.each([
    ['TRANSFER_REQUESTED_BEFORE', moved, 'requested'],
    ['SAME_ACCOUNT', { ...moved, to: 'ada' }, 'unknown'],
    ['AMOUNT_NOT_POSITIVE', { ...moved, cents: 0 }, 'unknown'],
  ] as const)('%s refuses a request', (code, wish, status) => {
    expect(() => decide({ type: 'RequestTransfer', ...wish }, status)).toThrow(
      expect.toSatisfy((error: unknown) => DomainError.is(error, code)),
    )
  })

  test('is told by its stream', () => {
    expect(transfer.stream('1')).toBe(key)
  })
})
