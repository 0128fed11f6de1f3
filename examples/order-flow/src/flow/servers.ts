import { startKafka, startPostgres } from '@eventspine/servers'

/** Where the parts of a run meet. */
export interface Servers extends AsyncDisposable {
  readonly storeUrl: string
  readonly streamUrl: string
}

export interface ServersOptions {
  readonly store: string | undefined
  readonly stream: string | undefined
  readonly onStart: (what: string) => void
}

const TOPIC = 'orders'

/** The servers that were given, and those that were not, started for this process: they and their data go with it. */
export async function provideServers({ store, stream, onStart }: ServersOptions): Promise<Servers> {
  const own: AsyncDisposable[] = []
  const dispose = async (): Promise<void> => {
    for (const server of own.toReversed()) await server[Symbol.asyncDispose]()
  }
  const postgres = async (): Promise<string> => {
    onStart('starting PostgreSQL')
    const server = await startPostgres()
    own.push(server)
    return server.url
  }
  const kafka = async (): Promise<string> => {
    onStart('starting Kafka')
    const server = await startKafka()
    own.push(server)
    return `${server.url}/${TOPIC}`
  }
  try {
    // One after the other: both at once would fill a small machine.
    const storeUrl = store ?? (await postgres())
    const streamUrl = stream ?? (await kafka())
    return { storeUrl, streamUrl, [Symbol.asyncDispose]: dispose }
  } catch (error) {
    await dispose()
    throw error
  }
}
