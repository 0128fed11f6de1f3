import type { Random } from '@eventspine/conformance'
import {
  startDynamodb,
  startDynamodbProxy,
  type DynamodbFate,
  type DynamodbRequest,
} from '@eventspine/servers'
import { networkFaults, type NamedFate } from '../network-faults.ts'
import type { ServerSettings, Target } from '../target.ts'
import { crash } from './crash.ts'

const module = new URL('../stores/dynamodb-store.ts', import.meta.url).href

/** The emulator, on disk, behind a proxy that has some calls fail in every way in which the service does. */
export async function openDynamodb(settings: ServerSettings): Promise<Target> {
  const server = await startDynamodb({ settings })
  const proxy = await startDynamodbProxy(server.url)
  const url = new URL(proxy.url)
  url.pathname = '/torture'
  let stores = 0
  return {
    documents: true,
    sharedTransaction: false,
    processes: 3,
    // On a busy machine the emulator was seen to take a second for a call, and a lease is renewed by one.
    leaseMs: 3000,
    mostCalls: 40,
    faults: networkFaults(proxy, fateOf),
    newStore: async () => {
      const store = new URL(url)
      store.searchParams.set('prefix', `torture-${++stores}`)
      return { module, url: store.href }
    },
    crashServer: () => crash(server),
    [Symbol.asyncDispose]: async () => {
      await proxy.close()
      await server.stop()
    },
  }
}

/** About every eighth call meets one. */
function fateOf(request: DynamodbRequest, random: Random): NamedFate<DynamodbFate> | undefined {
  const lot = random.next()
  if (lot < 0.025) return { name: 'reply lost', fate: 'lose-reply' }
  if (lot < 0.045) return { name: 'request lost', fate: 'lose-request' }
  if (lot < 0.075) return { name: 'request late', fate: { delayMs: random.integer(5, 300) } }
  // The client has tried again by then.
  if (lot < 0.09)
    return { name: 'request overtaken', fate: { delayMs: random.integer(50, 1_000), cut: true } }
  if (lot < 0.105) return { name: 'throttled', fate: { error: 'ThrottlingException' } }
  if (lot < 0.115) return { name: 'failed after the work', fate: { executedError: 'InternalServerError' } }
  return lot < 0.2 ? ofOperation(request, random) : undefined
}

function ofOperation(
  { operation, body }: DynamodbRequest,
  random: Random,
): NamedFate<DynamodbFate> | undefined {
  if (operation === 'BatchGetItem' || operation === 'BatchWriteItem') {
    return { name: 'batch processed in part', fate: { processed: random.integer(0, 3) } }
  }
  if (operation !== 'TransactWriteItems') return undefined
  // What a client sends of this operation.
  const { TransactItems } = JSON.parse(body) as { readonly TransactItems: readonly unknown[] }
  const conflictAt = [random.integer(0, TransactItems.length - 1)]
  return { name: 'transaction in conflict', fate: { conflictAt } }
}
