import type { Socket } from 'node:net'
import type { Traffic } from './traffic.ts'

interface LateChunk {
  readonly dueAt: number
  readonly chunk: Buffer
}

/** One direction of a connection: keeps the order of its bytes, whatever delay they were given. */
export class Direction {
  readonly #from: Socket
  readonly #to: Socket
  readonly #traffic: Traffic
  readonly #deliver: (chunk: Buffer) => void
  readonly #late: LateChunk[] = []
  #ended = false
  #timer: NodeJS.Timeout | undefined

  constructor(from: Socket, to: Socket, traffic: Traffic, deliver: (chunk: Buffer) => void) {
    this.#from = from
    this.#to = to
    this.#traffic = traffic
    this.#deliver = deliver
    from.on('data', (chunk: Buffer) => {
      this.#late.push({ chunk, dueAt: performance.now() + traffic.delayMs })
      this.flush()
    })
    from.on('end', () => {
      this.#ended = true
      this.flush()
    })
    from.on('close', () => clearTimeout(this.#timer))
    to.on('drain', () => this.flush())
  }

  flush(): void {
    clearTimeout(this.#timer)
    while (!this.#traffic.held) {
      const first = this.#late[0]
      if (first === undefined) break
      const waitMs = first.dueAt - performance.now()
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.flush(), waitMs)
        break
      }
      this.#late.shift()
      this.#deliver(first.chunk)
    }
    // Back-pressure: a held or slow direction does not gather the whole stream in memory.
    if (this.#traffic.held || this.#late.length > 64 || this.#to.writableNeedDrain) this.#from.pause()
    else this.#from.resume()
    if (this.#ended && this.#late.length === 0 && !this.#traffic.held) this.#to.end()
  }
}
