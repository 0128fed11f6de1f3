import type { Backend, NewEvent } from '@eventspine/core'
import { ownTable, startDynamodbProxy } from '@eventspine/servers'
import type { DynamodbProxy } from '@eventspine/servers'
import { afterEach } from 'vitest'
import { createStore, createTable, dynamodb } from '../src/index.ts'
import { clientOf, LOCK_TIMEOUT_MS, POLL_INTERVAL_MS, serverUrl } from './backend.ts'

/** What a test leaves open, ended after it in reverse order. */
export function useEnds(): (end: () => unknown) => void {
  const ends: (() => unknown)[] = []
  afterEach(async () => {
    for (const end of ends.splice(0).toReversed()) await end()
  })
  return (end) => void ends.push(end)
}

export interface ProxiedStore {
  readonly table: string
  readonly proxy: DynamodbProxy
  /** Through the proxy. */
  readonly backend: Backend
  /** Another client of the store, beside the proxy. */
  readonly beside: () => Promise<Backend>
}

/** A store in a table of its own, whose first client goes through a proxy. */
export async function openProxied(
  onEnd: (end: () => unknown) => void,
  partitions = 1,
): Promise<ProxiedStore> {
  const own = ownTable(serverUrl())
  onEnd(() => own.remove())
  const proxy = await startDynamodbProxy(serverUrl())
  onEnd(() => proxy.close())
  const open = async (url: string): Promise<Backend> => {
    const client = clientOf(url)
    onEnd(() => client.destroy())
    const waits = { pollIntervalMs: POLL_INTERVAL_MS, lockTimeoutMs: LOCK_TIMEOUT_MS }
    const backend = await dynamodb({ client, table: own.table, ...waits })
    onEnd(() => backend.close())
    return backend
  }
  const administrator = clientOf(serverUrl())
  onEnd(() => administrator.destroy())
  await createTable(administrator, { table: own.table })
  await createStore(administrator, { table: own.table, partitions })
  return { table: own.table, proxy, backend: await open(proxy.url), beside: () => open(serverUrl()) }
}

export function counted(number: number): NewEvent {
  return { type: 'Counted', data: { number } }
}

/** What `work` was refused with. */
export async function refusedWith(work: () => Promise<unknown>): Promise<unknown> {
  try {
    await work()
  } catch (error) {
    return error
  }
  throw new Error('it was not refused')
}

/** The numbers that were counted in a stream, in its order. */
export async function numbersOf(
  events: AsyncIterable<{ readonly data: unknown }>,
): Promise<readonly unknown[]> {
  const numbers: unknown[] = []
  for await (const { data } of events) numbers.push((data as { readonly number: unknown }).number)
  return numbers
}
