import type { EventStore, NewEvent } from '@eventspine/core'
import { Faults, memory } from '@eventspine/memory'
import {
  commandHandler,
  type CommandHandlerOf,
  type CommandHandlerOptions,
  type RetryNotice,
} from '../src/index.ts'
import { account, accountDecider } from './account.ts'

/** No test waits for a delay to pass. */
export const QUICK = { initialDelayMs: 0, maxDelayMs: 0 }

/** The part of a store that a command handler uses. */
export type HandlerStore = Pick<EventStore, 'append' | 'read' | 'head'>

/** A store in memory with account 42: opened, 500 cents on it, at version 2. */
export class TestBank {
  readonly faults = new Faults()
  readonly notices: RetryNotice[] = []
  readonly store: EventStore = memory({ faults: this.faults }).store

  static async open(): Promise<TestBank> {
    const bank = new TestBank()
    const events = [account.event('Opened', { owner: 'Ada' }), account.event('Deposited', { cents: 500 })]
    await account.store(bank.store).append('42', events)
    return bank
  }

  /** A handler whose retries are noted. */
  handler(
    options: CommandHandlerOptions = {},
    store: HandlerStore = this.store,
  ): CommandHandlerOf<typeof accountDecider> {
    const onRetry = (notice: RetryNotice): void => void this.notices.push(notice)
    return commandHandler(store, accountDecider, { ...QUICK, onRetry, ...options })
  }

  /** The store, with something happening right before each append. */
  disturbed(disturb: () => Promise<unknown>): HandlerStore {
    const { store } = this
    return {
      read: (streamId, options) => store.read(streamId, options),
      head: (streamId) => store.head(streamId),
      append: async (streamId, events, options) => {
        await disturb()
        return store.append(streamId, events, options)
      },
    }
  }

  /** The store, to which somebody else writes right before each append. */
  contended(others: readonly NewEvent[]): HandlerStore {
    return this.disturbed(() => this.store.append('account:42', others))
  }

  /** The store, whose appends wait until `parties` have come this far: all of them have loaded and decided. */
  meeting(parties: number): HandlerStore {
    let arrived = 0
    let open = (): void => undefined
    const everybodyHere = new Promise<void>((resolve) => (open = resolve))
    return this.disturbed(() => {
      arrived++
      if (arrived === parties) open()
      return everybodyHere
    })
  }

  async typesOf(streamId: string): Promise<readonly string[]> {
    return (await this.store.read(streamId).toArray()).map(({ type }) => type)
  }
}
