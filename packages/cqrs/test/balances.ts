import type { Backend, ContractShape, Token } from '@eventspine/core'
import { memory, MemoryDatabase } from '@eventspine/memory'
import { project, projection, type Projection, type ReadModel } from '../src/index.ts'
import { account } from './account.ts'

export interface Balance {
  readonly owner: string
  readonly cents: number
  readonly bookings: number
}

/** The read model of the tests on builds; versions differ in what they hold. */
export const balances = projection({
  name: 'balances',
  events: account,
  initialState: (): Balance => ({ owner: '', cents: 0, bookings: 0 }),
  evolve: {
    Opened: (balance, { data }) => ({ ...balance, owner: data.owner }),
    Deposited: (balance, { data }) => ({
      ...balance,
      cents: balance.cents + data.cents,
      bookings: balance.bookings + 1,
    }),
    Closed: () => undefined,
  },
})

/** No test waits for a second to pass, and nobody waits for the dead. */
export const QUICK = {
  leaseMs: 1000,
  pollMs: { min: 1, max: 20 },
  retry: { initialDelayMs: 1, maxDelayMs: 5 },
  watchMs: 5,
  dropGraceMs: 50,
  // Of a busy machine no promptness is asked.
  maxBehindMs: 60_000,
}

/** How long anything is waited for. */
export const PATIENCE = { timeout: 60_000, interval: 10 }

export class Accounts {
  readonly database: MemoryDatabase
  readonly backend: Backend<undefined>

  constructor(partitions = 4) {
    this.database = new MemoryDatabase({ partitions })
    this.backend = memory({ database: this.database })
  }

  /** Deposits of a cent each. */
  async deposit(id: string, times = 1): Promise<Token> {
    const events = Array.from({ length: times }, () => account.event('Deposited', { cents: 1 }))
    const { token } = await account.store(this.backend.store).append(id, events)
    return token
  }

  async fill(streams: number, eventsEach: number): Promise<void> {
    for (let index = 0; index < streams; index++) await this.deposit(`a${index}`, eventsEach)
  }

  /** What the projection's documents must be: the fold of all events. */
  async truth<State, Contract extends ContractShape>(
    definition: Projection<State, Contract>,
  ): Promise<Record<string, State>> {
    return Object.fromEntries(await project(this.backend.store, definition))
  }
}

export async function listed<State>(model: ReadModel<State>): Promise<Record<string, State>> {
  const found: Record<string, State> = {}
  for await (const { key, state } of model.list()) found[key] = state
  return found
}

/** All collections of a database that hold documents of projections. */
export function collectionsIn(database: MemoryDatabase): readonly string[] {
  const names = Array.from(database.documents.values(), ({ collection }) => collection)
  return [...new Set(names)].filter((name) => name.startsWith('projection:')).sort()
}
