import { ownTable, startDynamodb, startKafka } from '@eventspine/servers'
import type { ShopUrls } from './open-shop.ts'
import type { Options } from './options.ts'

/** The servers that were named, and those that were not, started for this process: they and their data go with it. */
export async function provideServers(
  { stream, payloads }: Pick<Options, 'stream' | 'payloads'>,
  say: (text: string) => void,
): Promise<ShopUrls & AsyncDisposable> {
  const own: AsyncDisposable[] = []
  const dispose = async (): Promise<void> => {
    for (const server of own.toReversed()) await server[Symbol.asyncDispose]()
  }
  const kafka = async (): Promise<string> => {
    say('starting Kafka')
    const server = await startKafka()
    own.push(server)
    return `${server.url}/prints`
  }
  const dynamodb = async (): Promise<string> => {
    say('starting DynamoDB Local, an emulator')
    const server = await startDynamodb({ settings: { storage: 'memory' } })
    own.push(server)
    return ownTable(server.url).url
  }
  try {
    // One after the other: both at once would fill a small machine.
    return {
      stream: stream ?? (await kafka()),
      payloads: payloads ?? (await dynamodb()),
      [Symbol.asyncDispose]: dispose,
    }
  } catch (error) {
    await dispose()
    throw error
  }
}
