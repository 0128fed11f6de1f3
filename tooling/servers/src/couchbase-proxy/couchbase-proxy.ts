import { createServer } from 'node:net'
import { Fates } from '../request-proxy/fates.ts'
import { ProxyPort } from '../request-proxy/proxy-port.ts'
import { CouchbaseConnection } from './couchbase-connection.ts'
import { CouchbaseCounter, type CouchbaseCounts } from './couchbase-counts.ts'
import {
  isChosen,
  type ChosenCouchbaseRequest,
  type CouchbaseFate,
  type CouchbaseRequest,
} from './couchbase-request.ts'

/** A proxy in front of one Couchbase node that understands its key-value requests. It starts by passing everything. */
export interface CouchbaseProxy extends AsyncDisposable {
  /** The server's URL with the proxy's address in place of its own; cluster maps name it too. */
  readonly url: string
  readonly port: number
  /** Client connections now open. */
  readonly connections: number
  /** What clients have sent since the start or the last `resetCounts()`. */
  counts(): CouchbaseCounts
  resetCounts(): void
  /** Requests whose fate has begun and not ended: what may still reach the server after `pass()`. */
  readonly underWay: number
  /**
   * Has one request meet its fate. Several may be waited for at a time.
   *
   * @returns the request, once it has happened: for a lost reply and a late request when the server has answered, so
   * that the work is done. `undefined` when `pass()`, `close()` or the end of the connection comes first.
   */
  strike(fate: CouchbaseFate, which: ChosenCouchbaseRequest): Promise<CouchbaseRequest | undefined>
  /** Asks `rule` about each request that no `strike` is for, until `pass()`. */
  decide(rule: (request: CouchbaseRequest) => CouchbaseFate | undefined): void
  /** New connections are refused until `pass()`; open ones go on. */
  refuse(): void
  /** Breaks all open connections at once. */
  cut(): void
  /** Back to normal. */
  pass(): Promise<void>
  /** Breaks all connections and stops listening. */
  close(): Promise<void>
}

/**
 * Starts a proxy in front of the server of `serverUrl`, a cluster of one node without TLS.
 *
 * @param serverUrl - Such as `couchbase://user:password@127.0.0.1:11210/default`.
 */
export async function startCouchbaseProxy(serverUrl: string): Promise<CouchbaseProxy> {
  const target = new URL(serverUrl)
  if (target.port === '') throw new TypeError('a proxy needs the URL of a server with its port')
  const fates = new Fates<CouchbaseRequest, CouchbaseFate>()
  const counter = new CouchbaseCounter()
  const open = new Set<CouchbaseConnection>()
  const rules = {
    target: { host: target.hostname, port: Number(target.port) },
    get port() {
      return port.port
    },
    fateOf(request: CouchbaseRequest) {
      counter.count(request)
      return fates.of(request)
    },
  }
  const server = createServer({ noDelay: true }, (client) => {
    const connection = new CouchbaseConnection(client, rules, () => open.delete(connection))
    open.add(connection)
  })
  const port = new ProxyPort(server)
  await port.listen()
  const url = new URL(serverUrl)
  url.hostname = '127.0.0.1'
  url.port = String(port.port)
  const cut = (): void => {
    for (const connection of open) connection.cut()
  }
  const close = (): Promise<void> => {
    fates.clear()
    port.refuse()
    cut()
    return Promise.resolve()
  }
  return {
    url: url.href,
    port: port.port,
    get connections() {
      return open.size
    },
    get underWay() {
      return fates.underWay
    },
    counts: () => counter.counts(),
    resetCounts: () => counter.reset(),
    strike: (fate, which) => fates.choose(fate, isChosen(which), which.nth ?? 1),
    decide: (rule) => fates.rule(rule),
    refuse: () => port.refuse(),
    cut,
    pass: async () => {
      fates.clear()
      await port.listen()
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}
