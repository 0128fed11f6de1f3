import { type Backend, createBackend, EventStoreError } from '@eventspine/core'
import type { BackendAdapter, RelaySessionAdapter } from '@eventspine/core'
import {
  memoryAdapter,
  type MemoryDatabase,
  type MemoryLogDatabase,
  memoryStreamAdapter,
} from '@eventspine/memory'

/** What happens to a process at one of its calls, before the call takes effect or after it. */
export type Fate = 'killed' | 'paused' | 'failed'

export interface Doom {
  readonly fate: Fate
  /** Counted from 1 over all calls of all its clients. */
  readonly call: number
  readonly moment: 'before' | 'after'
}

/** Targets that break their promise, on which the rounds must fail. */
export type Breakage = 'sessions are not fenced' | 'the position follows in a second step'

/**
 * A process in this process: every call of its clients goes through it, and at one of them it is killed (no call
 * is answered or made any more), paused (until it is woken) or the call fails and nobody knows whether it took effect.
 */
export class DoomedProcess {
  /** Its own clients. */
  readonly source: Backend
  readonly target: Backend
  readonly #doom: Doom | undefined
  readonly #breakage: Breakage | undefined
  #calls = 0
  #struck = false
  #woken = false
  #isBuried = false
  readonly #burials = new Set<() => void>()
  readonly #wakings = new Set<() => void>()
  readonly #onStrike: (() => void)[] = []

  constructor(database: MemoryDatabase, log: MemoryLogDatabase, doom?: Doom, breakage?: Breakage) {
    this.#doom = doom
    this.#breakage = breakage
    this.source = createBackend(this.#ofSource(memoryAdapter({ database })))
    this.target = createBackend(this.#ofTarget(memoryStreamAdapter({ database: log })))
  }

  get struck(): boolean {
    return this.#struck
  }

  /** Resolves when its fate has come. */
  strike(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#struck) resolve()
      else this.#onStrike.push(resolve)
    })
  }

  /** A paused process goes on where it was. */
  wake(): void {
    this.#woken = true
    for (const waking of this.#wakings) waking()
    this.#wakings.clear()
  }

  /** Lets what still waits in a killed process fail, so that nothing is left behind in this one. */
  bury(): void {
    this.#isBuried = true
    for (const burial of this.#burials) burial()
    this.wake()
  }

  async #call<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#calls++
    const doom = this.#doom?.call === this.#calls ? this.#doom : undefined
    await this.#held()
    if (doom?.moment === 'before') await this.#meet(doom)
    const result = await work()
    await this.#held()
    if (doom?.moment === 'after') await this.#meet(doom)
    return result
  }

  async #meet({ fate }: Doom): Promise<void> {
    this.#struck = true
    for (const tell of this.#onStrike) tell()
    if (fate === 'failed') {
      throw new EventStoreError('OUTCOME_UNKNOWN', 'the connection broke', {
        outcome: 'unknown',
        retryable: true,
      })
    }
    await this.#held()
  }

  /** What a process that is killed or paused does at every call: nothing. */
  async #held(): Promise<void> {
    const { fate } = this.#doom ?? {}
    if (!this.#struck || fate === 'failed') return
    if (fate === 'killed' || this.#isBuried) {
      if (!this.#isBuried) await new Promise<void>((resolve) => this.#burials.add(resolve))
      throw new EventStoreError('CLOSED', 'the process was killed')
    }
    if (this.#woken) return
    await new Promise<void>((resolve) => this.#wakings.add(resolve))
  }

  #ofSource(adapter: BackendAdapter<undefined>): BackendAdapter<undefined> {
    const { store, documents } = adapter
    if (store === undefined || documents === undefined) throw new Error('memory has a store and documents')
    return {
      ...adapter,
      store: {
        ...store,
        doReadFeed: (request) => this.#call(() => store.doReadFeed(request)),
        doFeedHead: (partition) => this.#call(() => store.doFeedHead(partition)),
        // Waiting changes nothing and may last: it is no point to fail at.
        doWaitForFeed: (partition, after, signal) => store.doWaitForFeed(partition, after, signal),
      },
      documents: {
        ...documents,
        doGet: (addresses) => this.#call(() => documents.doGet(addresses)),
        doWrite: (writes) => this.#call(() => documents.doWrite(writes)),
      },
    }
  }

  #ofTarget(adapter: BackendAdapter<undefined>): BackendAdapter<undefined> {
    const { log } = adapter
    const target = log?.relay
    if (log === undefined || target === undefined) throw new Error('memory is a target for relays')
    return {
      ...adapter,
      log: {
        ...log,
        relay: {
          doOpenRelay: async (request) => {
            const session = await this.#call(() => target.doOpenRelay(request))
            const current = async () =>
              this.#breakage === 'sessions are not fenced' ? target.doOpenRelay(request) : session
            return this.#ofSession(session, current)
          },
        },
      },
    }
  }

  #ofSession(session: RelaySessionAdapter, current: () => Promise<RelaySessionAdapter>): RelaySessionAdapter {
    return {
      get position() {
        return session.position
      },
      doWrite: async (events, position) => {
        if (this.#breakage === 'the position follows in a second step') {
          const before = session.position ?? { sequence: 0, check: '' }
          await this.#call(() => session.doWrite(events, before))
          await this.#call(() => session.doWrite([], position))
        } else await this.#call(async () => (await current()).doWrite(events, position))
      },
      doClose: () => this.#call(() => session.doClose()),
    }
  }
}
