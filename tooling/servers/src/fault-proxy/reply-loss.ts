/** Which reply is to be lost. */
export type LostReply =
  /** The reply to the n-th request from now on; a request is what a client sends before it is answered. */
  | { readonly requests: number }
  /** The reply to the first request in which this text appears, within one chunk of bytes. */
  | { readonly containing: string }
  /** Exactly that many bytes still reach the server, counted over all connections; nothing comes back. */
  | { readonly bytes: number }

/** Watches the traffic for the one moment at which a reply is to be lost. */
export class ReplyLoss {
  readonly done: Promise<{ readonly droppedBytes: number }>
  /** False where the server cannot be expected to answer, as it may have got half a request. */
  readonly waitsForReply: boolean
  readonly #which: LostReply
  readonly #asking = new Set<object>()
  #remaining: number
  #resolve: (value: { readonly droppedBytes: number }) => void = () => undefined
  #reject: (error: Error) => void = () => undefined

  constructor(which: LostReply) {
    this.#which = which
    this.waitsForReply = !('bytes' in which)
    this.#remaining = 'bytes' in which ? which.bytes : 'requests' in which ? which.requests : 1
    if (!Number.isSafeInteger(this.#remaining) || this.#remaining < 1) {
      throw new RangeError('a reply is lost after 1 or more requests or bytes')
    }
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  /** Whether the reply to what this chunk of a connection belongs to is the one to lose. */
  isDue(connection: object, chunk: Buffer): boolean {
    if ('bytes' in this.#which) {
      if (chunk.length >= this.#remaining) return true
      this.#remaining -= chunk.length
      return false
    }
    if ('containing' in this.#which) return chunk.includes(this.#which.containing)
    if (this.#asking.has(connection)) return false
    this.#asking.add(connection)
    this.#remaining -= 1
    return this.#remaining === 0
  }

  /** How much of the chunk that was due still goes to the server. */
  bytesToForward(chunk: Buffer): number {
    return 'bytes' in this.#which ? this.#remaining : chunk.length
  }

  /** The server has spoken: what the client sends next is a new request. */
  onReply(connection: object): void {
    this.#asking.delete(connection)
  }

  happened(droppedBytes: number): void {
    this.#resolve({ droppedBytes })
  }

  cancel(reason: string): void {
    this.#reject(new Error(reason))
  }
}
