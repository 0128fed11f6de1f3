import { createServer, type Server } from 'node:net'
import { ProxiedConnection } from './proxied-connection.ts'
import { RequestFault, type ChosenRequest, type LostReply, type RequestFaultKind } from './request-fault.ts'
import type { Traffic } from './traffic.ts'

/** A TCP proxy on loopback whose network can be made to fail. It starts by passing everything. */
export interface FaultProxy extends AsyncDisposable {
  /** The target's URL with the proxy's address in place of its own. */
  readonly url: string
  readonly port: number
  /** Of the server behind it. */
  readonly targetPort: number
  /** Client connections now open. */
  readonly connections: number
  /** Back to normal: nothing delayed, held, refused or about to be lost; what was held is delivered. */
  pass(): Promise<void>
  /** Every chunk of bytes is that much later, in each direction. */
  delay(delayMs: number): void
  /** Connections are accepted and nothing is delivered, not even that one side has gone, until `pass()`. */
  blackHole(): void
  /** New connections are refused until `pass()`; open ones go on. */
  refuse(): Promise<void>
  /** Breaks all open connections at once. */
  cut(): void
  /**
   * Makes an unknown outcome: lets one request through, drops the reply and breaks that connection.
   * Unless told by bytes, the connection breaks only when the server has answered, so the work is surely done; on a
   * proxy of Kafka when it has answered that very request, elsewhere at the first answer that follows, which with
   * several requests under way may be that of an earlier one.
   *
   * @returns when it has happened. Rejects when `pass()` or `close()` comes first. Of this and the three below, one
   * at a time.
   */
  loseReply(which: LostReply): Promise<RequestFaultResult>
  /** Breaks the connection in place of delivering the request: the work is surely not done, and the client cannot know. */
  loseRequest(which: ChosenRequest): Promise<RequestFaultResult>
  /** As `loseReply`, but the connection stays open and is silent from then on, until its client gives it up. */
  silence(which: ChosenRequest): Promise<RequestFaultResult>
  /** Delivers the reply, of other protocols than Kafka's its first chunk, and then breaks the connection. */
  cutAfterReply(which: ChosenRequest): Promise<RequestFaultResult>
  /** Breaks all connections and stops listening. */
  close(): Promise<void>
}

/** What was kept back, when a fault has struck a request. */
export interface RequestFaultResult {
  readonly droppedBytes: number
}

/**
 * Starts a proxy in front of the server of `targetUrl`.
 *
 * A client of one server connects to its `url`. A client that asks the server for addresses would go past it:
 * hand `kafkaSocketFactory(proxies)` to kafkajs and `redisNatMap(proxies)` to a `Cluster` of ioredis.
 *
 * @param targetUrl - Any URL with one host and port. Of `kafka:` ones the requests are understood.
 */
export async function startFaultProxy(targetUrl: string): Promise<FaultProxy> {
  const proxy = new LoopbackFaultProxy(targetUrl)
  await proxy.listen()
  return proxy
}

class LoopbackFaultProxy implements FaultProxy {
  readonly #targetUrl: URL
  readonly #open = new Set<ProxiedConnection>()
  readonly #traffic: Traffic
  readonly #target: { readonly host: string; readonly port: number }
  readonly #listener: Server
  #port = 0

  constructor(targetUrl: string) {
    this.#targetUrl = new URL(targetUrl)
    const { hostname, port } = this.#targetUrl
    if (hostname === '' || port === '') throw new TypeError('a proxy needs a target URL with host and port')
    this.#target = { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) }
    this.#traffic = {
      delayMs: 0,
      held: false,
      fault: undefined,
      protocol: this.#targetUrl.protocol === 'kafka:' ? 'kafka' : 'other',
    }
    this.#listener = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
      const connection = new ProxiedConnection(client, this.#target, this.#traffic, () =>
        this.#open.delete(connection),
      )
      this.#open.add(connection)
    })
  }

  get url(): string {
    const url = new URL(this.#targetUrl)
    url.hostname = '127.0.0.1'
    url.port = String(this.#port)
    return url.href
  }

  get port(): number {
    return this.#port
  }

  get targetPort(): number {
    return this.#target.port
  }

  get connections(): number {
    return this.#open.size
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#listener.once('error', reject)
      this.#listener.listen(this.#port, '127.0.0.1', () => {
        this.#listener.off('error', reject)
        resolve()
      })
    })
    const address = this.#listener.address()
    if (address !== null && typeof address !== 'string') this.#port = address.port
  }

  async pass(): Promise<void> {
    this.#cancelFault('the proxy passes again')
    this.#traffic.delayMs = 0
    this.#traffic.held = false
    for (const connection of this.#open) connection.resume()
    if (!this.#listener.listening) await this.listen()
  }

  delay(delayMs: number): void {
    this.#traffic.delayMs = delayMs
  }

  blackHole(): void {
    this.#traffic.held = true
  }

  refuse(): Promise<void> {
    // Its callback waits for open connections, which go on; that nothing listens any more is so at once.
    if (this.#listener.listening) this.#listener.close()
    return Promise.resolve()
  }

  cut(): void {
    for (const connection of this.#open) connection.cut()
  }

  loseReply(which: LostReply): Promise<RequestFaultResult> {
    return this.#strike('lose-reply', which)
  }

  loseRequest(which: ChosenRequest): Promise<RequestFaultResult> {
    return this.#strike('lose-request', which)
  }

  silence(which: ChosenRequest): Promise<RequestFaultResult> {
    return this.#strike('silence', which)
  }

  cutAfterReply(which: ChosenRequest): Promise<RequestFaultResult> {
    return this.#strike('cut-after-reply', which)
  }

  async close(): Promise<void> {
    this.#cancelFault('the proxy closed')
    this.#traffic.held = false
    this.cut()
    if (this.#listener.listening) await new Promise((resolve) => this.#listener.close(resolve))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #strike(kind: RequestFaultKind, which: LostReply): Promise<RequestFaultResult> {
    this.#cancelFault('another fault takes its place')
    const fault = new RequestFault(kind, which)
    if ('kafka' in which && this.#traffic.protocol !== 'kafka') {
      throw new TypeError('requests of Kafka are known only to a proxy of a kafka: URL')
    }
    this.#traffic.fault = fault
    return fault.done
  }

  #cancelFault(reason: string): void {
    this.#traffic.fault?.cancel(reason)
    this.#traffic.fault = undefined
  }
}
