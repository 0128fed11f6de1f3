import type { Server } from 'node:net'

/** A port of 127.0.0.1 that stays the same while nothing listens on it for a time. */
export class ProxyPort {
  readonly #server: Server
  #port = 0

  constructor(server: Server) {
    this.#server = server
  }

  /** Known once `listen()` has ended. */
  get port(): number {
    return this.#port
  }

  async listen(): Promise<void> {
    if (this.#server.listening) return
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(this.#port, '127.0.0.1', () => {
        this.#server.off('error', reject)
        resolve()
      })
    })
    const address = this.#server.address()
    if (address !== null && typeof address !== 'string') this.#port = address.port
  }

  /** Nothing listens any more; open connections go on. */
  refuse(): void {
    if (this.#server.listening) this.#server.close()
  }
}
