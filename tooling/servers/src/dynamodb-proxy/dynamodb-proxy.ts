import { Agent, createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { Fates } from '../request-proxy/fates.ts'
import { ProxyPort } from '../request-proxy/proxy-port.ts'
import { DynamodbExchange, textOf } from './dynamodb-exchange.ts'
import {
  isChosen,
  type ChosenDynamodbRequest,
  type DynamodbFate,
  type DynamodbRequest,
} from './dynamodb-request.ts'

/** A proxy in front of DynamoDB Local that understands its requests. It starts by passing everything. */
export interface DynamodbProxy extends AsyncDisposable {
  /** The emulator's URL with the proxy's address in place of its own, and the table of the given one. */
  readonly url: string
  /** What clients of the vendor are given as their endpoint. */
  readonly endpoint: string
  /** Requests by operation since the start or the last `resetCounts()`, whatever became of them. */
  counts(): Readonly<Record<string, number>>
  resetCounts(): void
  /** Requests whose fate has begun and not ended: what may still reach the emulator after `pass()`. */
  readonly underWay: number
  /**
   * Has one request meet its fate. Several may be waited for at a time. A client may send it again by itself.
   *
   * @returns the request, once it has happened: where it is executed, when the emulator has answered, so that the work
   * is done. `undefined` when `pass()`, `close()` or the end of the emulator comes first.
   */
  strike(fate: DynamodbFate, which: ChosenDynamodbRequest): Promise<DynamodbRequest | undefined>
  /** Asks `rule` about each request that no `strike` is for, until `pass()`. */
  decide(rule: (request: DynamodbRequest) => DynamodbFate | undefined): void
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
 * Starts a proxy in front of the emulator of `url`. The service would refuse what comes through it: a request is signed
 * for the host that the client knows.
 *
 * @param url - Such as `dynamodb://local:local@127.0.0.1:8000/table?region=local&ssl=false`.
 */
export async function startDynamodbProxy(url: string): Promise<DynamodbProxy> {
  const address = new URL(url)
  if (address.port === '' || address.searchParams.get('ssl') !== 'false') {
    throw new TypeError('a proxy needs the URL of an emulator, with a port and ssl=false')
  }
  const target = { host: address.hostname, port: Number(address.port), agent: new Agent({ keepAlive: true }) }
  const fates = new Fates<DynamodbRequest, DynamodbFate>()
  const counts = new Map<string, number>()

  const handle = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const request = { operation: operationOf(incoming), body: await textOf(incoming) }
    counts.set(request.operation, (counts.get(request.operation) ?? 0) + 1)
    const exchange = new DynamodbExchange(incoming, response, target, request)
    const fated = fates.of(request)
    if (fated === undefined) return await exchange.pass()
    try {
      await exchange.meet(fated)
      fated.happened()
    } catch (error) {
      fated.failed()
      throw error
    }
  }
  const server = createServer((incoming, response) => {
    handle(incoming, response).catch((error: unknown) => {
      // Where the emulator or the client is gone, all that can be told is a broken connection.
      incoming.socket.destroy()
      // A fate that this request cannot meet is a mistake of the test.
      if (error instanceof RangeError) throw error
    })
  })
  // A client keeps its connections; one that a proxy ends for being idle would look like a fault.
  server.keepAliveTimeout = 0
  server.requestTimeout = 0
  const port = new ProxyPort(server)
  await port.listen()
  address.hostname = '127.0.0.1'
  address.port = String(port.port)
  const close = (): Promise<void> => {
    fates.clear()
    port.refuse()
    server.closeAllConnections()
    target.agent.destroy()
    return Promise.resolve()
  }
  return {
    url: address.href,
    endpoint: `http://127.0.0.1:${port.port}`,
    get underWay() {
      return fates.underWay
    },
    counts: () => Object.fromEntries(counts),
    resetCounts: () => counts.clear(),
    strike: (fate, which) => fates.choose(fate, isChosen(which), which.nth ?? 1),
    decide: (rule) => fates.rule(rule),
    refuse: () => port.refuse(),
    cut: () => server.closeAllConnections(),
    pass: async () => {
      fates.clear()
      await port.listen()
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** `DynamoDB_20120810.PutItem` is how a client names one. */
function operationOf({ headers }: IncomingMessage): string {
  const target = String(headers['x-amz-target'])
  return target.slice(target.indexOf('.') + 1)
}
