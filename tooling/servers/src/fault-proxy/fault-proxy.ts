import { createServer, type Server } from 'node:net'
import { ProxiedConnection, type Traffic } from './proxied-connection.ts'
import { ReplyLoss, type LostReply } from './reply-loss.ts'

/** A TCP proxy on loopback whose network can be made to fail. It starts by passing everything. */
export interface FaultProxy extends AsyncDisposable {
  /** The target's URL with the proxy's address in place of its own. */
  readonly url: string
  readonly port: number
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
   * Unless told by bytes, the connection breaks only when the server has answered, so the work is surely done.
   *
   * @returns when it has happened. Rejects when `pass()` or `close()` comes first.
   */
  loseReply(which: LostReply): Promise<{ readonly droppedBytes: number }>
  /** Breaks all connections and stops listening. */
  close(): Promise<void>
}

/**
 * Starts a proxy in front of the server of `targetUrl`.
 *
 * @param targetUrl - Any URL with a host and a port.
 */
export async function startFaultProxy(targetUrl: string): Promise<FaultProxy> {
  const proxy = new LoopbackFaultProxy(targetUrl)
  await proxy.listen()
  return proxy
}

class LoopbackFaultProxy implements FaultProxy {
  readonly #targetUrl: URL
  readonly #open = new Set<ProxiedConnection>()
  readonly #traffic: Traffic = { delayMs: 0, held: false, loss: undefined }
  readonly #listener: Server
  #port = 0

  constructor(targetUrl: string) {
    this.#targetUrl = new URL(targetUrl)
    const { hostname, port } = this.#targetUrl
    if (hostname === '' || port === '') throw new TypeError('a proxy needs a target URL with host and port')
    const target = { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) }
    this.#listener = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
      const connection = new ProxiedConnection(client, target, this.#traffic, () =>
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
    this.#cancelLoss('the proxy passes again')
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

  loseReply(which: LostReply): Promise<{ readonly droppedBytes: number }> {
    this.#cancelLoss('another reply is to be lost')
    const loss = new ReplyLoss(which)
    this.#traffic.loss = loss
    return loss.done
  }

  async close(): Promise<void> {
    this.#cancelLoss('the proxy closed')
    this.#traffic.held = false
    this.cut()
    if (this.#listener.listening) await new Promise((resolve) => this.#listener.close(resolve))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #cancelLoss(reason: string): void {
    this.#traffic.loss?.cancel(reason)
    this.#traffic.loss = undefined
  }
}
