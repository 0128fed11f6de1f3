import type { OpenRequest, TestBackend } from '@eventspine/conformance'
import { type Backend, open as openBackend } from '@eventspine/core'
import type { FaultProxy } from '@eventspine/servers'
import { claimCheckOver } from './memory-pair.ts'
import { adapters, openUrl, pairUrl, type PairUrls } from './pair-url.ts'

export interface Pair {
  /** Empty places of both backends. */
  readonly urls: PairUrls
  /** The target's URL by way of the proxy; default: there is none. */
  readonly proxiedTarget?: string | undefined
  readonly proxy?: Pick<FaultProxy, 'loseReply' | 'refuse' | 'cut' | 'pass' | 'close'> | undefined
  readonly trimFeed?: (() => Promise<void>) | undefined
  /** Removes what is at the URLs. */
  readonly remove: () => Promise<void>
}

/** Opens a pair of backends by their URLs, with the data of every event apart. */
export async function openPair(pair: Pair, { partitions }: OpenRequest): Promise<TestBackend> {
  const { urls, proxy } = pair
  const direct = pairUrl(urls)
  const first = pairUrl({ ...urls, target: pair.proxiedTarget ?? urls.target })
  const opened: Backend[] = []
  const track = (backend: Backend): Backend => {
    opened.push(backend)
    return backend
  }
  let backend = track(await openUrl(first, { create: true, partitions }))
  const target = track(await openBackend(urls.target, adapters))
  const payloads = track(await openBackend(urls.payloads, adapters))
  const faults = proxy && {
    loseReply: async () => void proxy.loseReply({ containing: 'counter:lost' }),
    outage: async () => {
      await proxy.refuse()
      proxy.cut()
      return { end: () => proxy.pass() }
    },
  }
  return {
    ...faults,
    get backend() {
      return backend
    },
    sibling: async () => track(await openUrl(direct)),
    reopen: async () => {
      await backend.close()
      backend = track(await openUrl(first))
      return backend
    },
    child: { module: import.meta.resolve('./pair-url.ts'), url: direct },
    trimFeed: pair.trimFeed,
    claimCheck: claimCheckOver(target, payloads),
    close: async () => {
      await proxy?.pass()
      await Promise.all(opened.map((each) => each.close()))
      await proxy?.close()
      await pair.remove()
    },
  }
}
