import { randomUUID } from 'node:crypto'
import type { PoolClient } from 'pg'
import { peerModules } from '../../peers/install-peer.ts'
import type { Appended, Contender, HandledNumber, NumberLog, RunningConsumer } from '../contender.ts'

/** Of a processor: what takes over after a kill waits so long. Its default is 300. */
const LOCK_TIMEOUT_SECONDS = 1

interface Message {
  readonly data: { readonly number: number }
  readonly metadata: { readonly streamName: string }
}

interface Consumer {
  reactor(options: object): unknown
  start(): Promise<void>
  stop(): Promise<void>
}

interface Store {
  readonly schema?: { migrate(): Promise<unknown> }
  appendToStream(
    stream: string,
    events: readonly unknown[],
    options: { readonly expectedStreamVersion: bigint | 'STREAM_DOES_NOT_EXIST' },
  ): Promise<unknown>
  readStream(stream: string): Promise<{ readonly events: readonly Message[] }>
  close?(): Promise<void>
  consumer(options: object): Consumer
}

interface Core {
  getInMemoryEventStore(): Store
  isExpectedVersionConflictError(error: unknown): boolean
}

interface Adapter {
  getPostgreSQLEventStore(url: string, options?: object): Store
}

/** Emmett, in a process of its own: it changes the parsers of `pg` for everybody. */
export async function emmett(folder: string): Promise<Contender> {
  const load = await peerModules(folder)
  const core = await load<Core>('@event-driven-io/emmett')
  const adapter = await load<Adapter>('@event-driven-io/emmett-postgresql')
  return {
    async open(url) {
      const store = adapter.getPostgreSQLEventStore(url)
      await store.schema?.migrate()
      return {
        ...numbersIn(core, store),
        eventTables: ['emt_messages'],
        consume: (group, handle) => consume(store, group, handle),
        // `client` is its option for one that is open already.
        appendWithin: (client: PoolClient, streamId, expected, numbers) =>
          numbersIn(core, adapter.getPostgreSQLEventStore(url, bound(client))).append(
            streamId,
            expected,
            numbers,
          ),
      }
    },
    openMemory: async () => numbersIn(core, core.getInMemoryEventStore()),
  }
}

function bound(client: PoolClient): object {
  return { connectionOptions: { client }, schema: { autoMigration: 'None' } }
}

function numbersIn(core: Core, store: Store): NumberLog {
  return {
    async append(streamId, expected, numbers): Promise<Appended> {
      const events = numbers.map((number) => ({ type: 'Numbered', data: { number }, metadata: {} }))
      const expectedStreamVersion = expected === 0 ? 'STREAM_DOES_NOT_EXIST' : BigInt(expected)
      try {
        await store.appendToStream(nameOf(streamId), events, { expectedStreamVersion })
        return 'appended'
      } catch (error) {
        if (core.isExpectedVersionConflictError(error)) return 'conflict'
        throw error
      }
    },
    async read(streamId) {
      const { events } = await store.readStream(nameOf(streamId))
      return events.map(({ data }) => data.number)
    },
    close: async () => store.close?.(),
  }
}

async function consume(
  store: Store,
  group: string,
  handle: (event: HandledNumber) => Promise<void>,
): Promise<RunningConsumer> {
  const start = (): { readonly consumer: Consumer; readonly ended: Promise<unknown> } => {
    const consumer = store.consumer({})
    consumer.reactor({
      processorId: group,
      processorInstanceId: randomUUID(),
      startFrom: 'CURRENT',
      lock: {
        timeoutSeconds: LOCK_TIMEOUT_SECONDS,
        acquisitionPolicy: { type: 'retry', retries: 100, minTimeout: 100, maxTimeout: 500 },
      },
      eachMessage: async ({ data, metadata }: Message) =>
        handle({ streamId: metadata.streamName.replace('-', ':'), number: data.number }),
    })
    // How it ends is seen by what was handled.
    return { consumer, ended: consumer.start().catch((error: unknown) => error) }
  }
  let running = start()
  const stop = async (): Promise<void> => {
    // Its `close` ends the pool of the store too.
    await running.consumer.stop()
    await running.ended
  }
  return {
    async resume() {
      await stop()
      running = start()
    },
    close: stop,
  }
}

/** It takes what stands before the first hyphen for the type of the stream. */
function nameOf(streamId: string): string {
  return streamId.replace(':', '-')
}
