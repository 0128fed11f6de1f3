import type { Backend } from '@eventspine/core'
import { EventStoreError } from '@eventspine/core'
import { RelaySource } from '../relay-source.ts'
import { FileJournal } from '../torture/journal.ts'
import { readLogContents } from '../torture/log-contents.ts'
import { attempt } from '../torture/operation.ts'
import { readStoreContents } from '../torture/store-contents.ts'
import { Workload } from '../torture/workload.ts'
import { NotingConsumer } from './noting-consumer.ts'
import type { ChildCommands, ChildNote, CommandName } from './protocol.ts'

type Commands = {
  readonly [Name in CommandName]?: (
    request: ChildCommands[Name]['request'],
  ) => Promise<ChildCommands[Name]['reply']>
}

/** What a child process has open, and what it does with it. */
export class ChildSession {
  readonly #backend: Backend
  readonly #note: (note: ChildNote) => void
  readonly #consumers = new Map<string, NotingConsumer>()
  readonly #closing = new AbortController()
  #workload: { readonly running: Workload; readonly journal: FileJournal } | undefined

  constructor(backend: Backend, note: (note: ChildNote) => void) {
    this.#backend = backend
    this.#note = note
  }

  async execute(command: CommandName, request: unknown): Promise<unknown> {
    // Which request belongs to which command is fixed by the protocol that both sides share.
    const run = this.#commands[command] as ((request: unknown) => Promise<unknown>) | undefined
    if (run === undefined) throw new Error(`a session has no command ${command}`)
    return run(request)
  }

  readonly #commands: Commands = {
    append: async ({ streamId, events, expectedVersion }) => {
      const { version, token, repeated } = await this.#backend.store.append(streamId, events, {
        expectedVersion,
      })
      return { version, token, repeated }
    },
    appendEach: async ({ streamIds, ids }) => {
      for (const [index, id] of ids.entries()) {
        const streamId = streamIds[index % streamIds.length] ?? ''
        const { version } = await this.#backend.store.append(streamId, [
          { type: 'Counted', id, data: { index } },
        ])
        this.#note({ kind: 'acknowledged', streamId, id, version })
      }
      return null
    },
    race: async ({ streamId, ids }) => {
      const wins: boolean[] = []
      for (const [version, id] of ids.entries()) wins.push(await this.#wins(streamId, version, id))
      return wins
    },
    publish: async ({ events }) => ({ token: (await this.#backend.stream.publish(events)).token }),
    publishEach: async ({ streamIds, ids }) => {
      for (const [index, id] of ids.entries()) {
        const streamId = streamIds[index % streamIds.length] ?? ''
        await this.#backend.stream.publish({ type: 'Counted', id, streamId, data: { number: index } })
        this.#note({ kind: 'acknowledged', streamId, id, version: 0 })
      }
      return null
    },
    relay: async ({ relay, incarnation, events, limit }) => {
      const source = new RelaySource(this.#backend.capabilities, 1, incarnation)
      for (const { streamId, ...event } of events)
        await source.append(streamId, [{ type: 'Counted', ...event }])
      const session = await this.#backend.stream.openRelay(source.request(0, relay))
      while (!(await source.isAtEnd(0, session.position))) {
        const page = await source.page(0, session.position, limit)
        await session.write(
          page.events.map((event) => ({ event })),
          page.next,
        )
        this.#note({ kind: 'relayed', position: page.next })
      }
      await session.close()
      return null
    },
    tail: async ({ partition }) => {
      void this.#tail(partition)
      return null
    },
    consume: async (options) => {
      this.#consumers.set(options.name, await NotingConsumer.start(this.#backend, options, this.#note))
      return null
    },
    stopConsumer: async ({ name }) => {
      await this.#consumers.get(name)?.stop()
      return null
    },
    release: async ({ name }) => {
      this.#consumers.get(name)?.release()
      return null
    },
    startWorkload: async ({ journal: path, ...options }) => {
      const journal = new FileJournal(path)
      const running = new Workload(this.#backend, options, journal)
      this.#workload = { running, journal }
      await running.start()
      return null
    },
    resumeWriting: async () => {
      this.#running.resumeWriting()
      return null
    },
    stopWriting: async () => {
      await this.#running.stopWriting()
      return null
    },
    decide: async ({ operations }) => {
      const journal = this.#workload?.journal
      if (journal === undefined) throw new Error('there is no journal to write to')
      for (const operation of operations) await attempt(this.#backend.store, operation, journal)
      return null
    },
    catchUp: async ({ timeoutMs, token }) => {
      await this.#running.catchUp(timeoutMs, token)
      return null
    },
    contents: (request) =>
      this.#backend.capabilities.store
        ? readStoreContents(this.#backend, request)
        : readLogContents(this.#backend, request),
    close: async () => {
      this.#closing.abort()
      await this.#workload?.running.stop()
      this.#workload?.journal.close()
      await this.#backend.close()
      return null
    },
  }

  get #running(): Workload {
    if (this.#workload === undefined) throw new Error('no workload was started')
    return this.#workload.running
  }

  async #wins(streamId: string, version: number, id: string): Promise<boolean> {
    try {
      await this.#backend.store.append(streamId, [{ type: 'Raced', id, data: { version } }], {
        expectedVersion: version,
      })
      return true
    } catch (error) {
      if (EventStoreError.is(error, 'VERSION_CONFLICT')) return false
      throw error
    }
  }

  async #tail(partition: number): Promise<void> {
    const { store } = this.#backend
    const { signal } = this.#closing
    let after = undefined as string | undefined
    while (!signal.aborted) {
      for await (const { events, next } of store
        .feed({ partition, ...(after === undefined ? {} : { after }) })
        .slices()) {
        for (const { id, position } of events) this.#note({ kind: 'seen', id, position })
        after = next
      }
      after ??= await store.feedHead(partition)
      await store.waitForFeed({ partition, after, timeoutMs: 1000, signal })
    }
  }
}
