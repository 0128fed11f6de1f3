import type { EventStore, Token } from '@eventspine/core'
import { commandHandler, DomainError, type HandleOptions, type CommandHandlerOf } from '@eventspine/cqrs'
import { type Account, type AccountCommand, accountDecider } from './account-decider.ts'
import { formatMoney } from './money.ts'
import type { Transcript } from './transcript.ts'

/** The counter of the bank: carries out commands and says what came of them. */
export class Counter {
  readonly #handle: CommandHandlerOf<typeof accountDecider>
  readonly #transcript: Transcript
  readonly #tokens = new Map<string, Token>()

  constructor(store: EventStore, transcript: Transcript) {
    this.#handle = commandHandler(store, accountDecider)
    this.#transcript = transcript
  }

  async serve(id: string, command: AccountCommand, options: HandleOptions = {}): Promise<void> {
    const what = describeCommand(command)
    try {
      const { token, version, state, repeated } = await this.#handle(id, command, options)
      const again = repeated ? 'the same command again, one effect: ' : ''
      this.#transcript.done(id, what, `${again}${describeState(state, version)}`)
      this.#tokens.set(id, token)
    } catch (error) {
      if (!DomainError.is(error)) throw error
      this.#transcript.refused(id, what, error.message, error.code)
    }
  }

  /** Of the last command of each account: what a read model must have seen to show all that was done here. */
  get tokens(): readonly Token[] {
    return [...this.#tokens.values()]
  }
}

export function describeState({ status, cents }: Account, version: number): string {
  return `${status === 'closed' ? 'closed' : `balance ${formatMoney(cents)}`}, version ${version}`
}

export function describeCommand(command: AccountCommand): string {
  switch (command.type) {
    case 'OpenAccount':
      return `open for ${command.owner}`
    case 'DepositMoney':
      return `deposit ${formatMoney(command.cents)}`
    case 'WithdrawMoney':
      return `withdraw ${formatMoney(command.cents)}`
    case 'CloseAccount':
      return 'close'
  }
}
