import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { OpenRequest, TestBackend } from '@eventspine/conformance'
import type { Backend } from '@eventspine/core'
import { ownTable, startDynamodbProxy } from '@eventspine/servers'
import { createStore, createTable, dynamodb } from '../src/index.ts'

const adapter = new URL('../src/index.ts', import.meta.url).href

/** Between two looks at the feed: the emulator is next door, and bills nothing. */
export const POLL_INTERVAL_MS = 10
/** Writers that race on a busy machine wait for each other longer than users should. */
export const LOCK_TIMEOUT_MS = 60_000
/** How often a client asks before it gives up. https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html */
const CLIENT_ATTEMPTS = 3

/** The URL of the emulator that the run has started, or of what was given. */
export function serverUrl(): string {
  const url = process.env['EVENTSPINE_TEST_DYNAMODB']
  if (url === undefined)
    throw new Error('EVENTSPINE_TEST_DYNAMODB is not set: run through vitest of the workspace')
  return url
}

/** A client of what a `dynamodb://` URL names. */
export function clientOf(url: string): DynamoDBClient {
  const { host, username, password, searchParams } = new URL(url)
  const region = searchParams.get('region')
  const scheme = searchParams.get('ssl') === 'false' ? 'http' : 'https'
  return new DynamoDBClient({
    maxAttempts: CLIENT_ATTEMPTS,
    ...(region === null ? {} : { region }),
    ...(host === '' ? {} : { endpoint: `${scheme}://${host}` }),
    ...(username === '' ? {} : { credentials: { accessKeyId: username, secretAccessKey: password } }),
  })
}

/** A table of its own. Of an emulator, the first client reaches it through a proxy that can lose replies. */
export async function openDynamodb({ partitions }: OpenRequest): Promise<TestBackend> {
  const url = serverUrl()
  const own = ownTable(url)
  const proxy = own.endpoint === undefined ? undefined : await startDynamodbProxy(url)
  const closing: (() => Promise<void>)[] = []
  const open = async (address: string): Promise<Backend> => {
    const client = clientOf(address)
    const waits = { pollIntervalMs: POLL_INTERVAL_MS, lockTimeoutMs: LOCK_TIMEOUT_MS }
    const backend = await dynamodb({ client, table: own.table, ...waits })
    closing.push(async () => {
      await backend.close()
      client.destroy()
    })
    return backend
  }
  const administrator = clientOf(url)
  await createTable(administrator, { table: own.table })
  await createStore(administrator, { table: own.table, partitions })
  administrator.destroy()
  let backend = await open(proxy?.url ?? url)
  const lost: Promise<unknown>[] = []
  return {
    get backend() {
      return backend
    },
    sibling: () => open(url),
    reopen: async () => {
      await backend.close()
      backend = await open(proxy?.url ?? url)
      return backend
    },
    child: { module: adapter, url: own.url },
    ...(proxy === undefined
      ? {}
      : {
          loseReply: async () => {
            // The client's own repeats too: they are the same transaction to the service, which does it once.
            for (let attempt = 0; attempt < CLIENT_ATTEMPTS; attempt++) {
              const which = { operation: 'TransactWriteItems', containing: 'counter:lost' }
              lost.push(proxy.strike('lose-reply', which))
            }
          },
          outage: async () => {
            proxy.refuse()
            proxy.cut()
            return { end: () => proxy.pass() }
          },
        }),
    close: async () => {
      await proxy?.pass()
      await Promise.all(lost)
      for (const close of closing) await close()
      await proxy?.close()
      await own.remove()
    },
  }
}
