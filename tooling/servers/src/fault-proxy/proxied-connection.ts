import { connect, type Socket } from 'node:net'
import type { ReplyLoss } from './reply-loss.ts'

/** What the proxy does with bytes at this moment; one object, shared by all its connections. */
export interface Traffic {
  /** Milliseconds by which each chunk is late, in each direction. */
  delayMs: number
  /** While true nothing is forwarded; what arrives waits, as on a network that has stopped delivering. */
  held: boolean
  /** The reply to lose, when one is to be lost. */
  loss: ReplyLoss | undefined
}

interface LateChunk {
  readonly dueAt: number
  readonly chunk: Buffer
}

/** One client's connection and the one made for it to the target. */
export class ProxiedConnection {
  readonly #client: Socket
  readonly #server: Socket
  readonly #traffic: Traffic
  readonly #toServer: Direction
  readonly #toClient: Direction
  /** True once this connection's next reply must not arrive. */
  #losing: ReplyLoss | undefined

  constructor(client: Socket, target: { host: string; port: number }, traffic: Traffic, onEnd: () => void) {
    this.#client = client
    this.#traffic = traffic
    this.#server = connect({ ...target, noDelay: true, allowHalfOpen: true })
    this.#toServer = new Direction(client, this.#server, traffic, (chunk) => this.#forward(chunk))
    this.#toClient = new Direction(this.#server, client, traffic, (chunk) => this.#reply(chunk))
    for (const socket of [this.#client, this.#server]) {
      // What broke is told to the other side by closing it, which is all that the two can notice of each other.
      socket.on('error', () => undefined)
      socket.on('close', () => {
        this.#spreadClose()
        if (this.#client.closed && this.#server.closed) onEnd()
      })
    }
  }

  /** Ends both sides at once, with a reset where data were under way. */
  cut(): void {
    this.#client.destroy()
    this.#server.destroy()
  }

  /** Lets go what was held, when the traffic allows it again. */
  resume(): void {
    this.#toServer.flush()
    this.#toClient.flush()
    this.#spreadClose()
  }

  /** While traffic is held, neither side learns that the other is gone. */
  #spreadClose(): void {
    if (this.#traffic.held) return
    if (this.#server.closed) this.#client.destroy()
    // The side whose reply was lost reads on to an orderly end, see #forward.
    if (this.#client.closed && this.#losing === undefined) this.#server.destroy()
  }

  #forward(chunk: Buffer): void {
    const { loss } = this.#traffic
    if (this.#losing !== undefined) {
      // The rest of a request in several chunks still has to arrive for the work to be done.
      if (this.#losing.waitsForReply && this.#server.writable) this.#server.write(chunk)
      return
    }
    if (loss === undefined || !loss.isDue(this, chunk)) {
      this.#server.write(chunk)
      return
    }
    this.#traffic.loss = undefined
    this.#losing = loss
    const forwarded = chunk.subarray(0, loss.bytesToForward(chunk))
    if (!loss.waitsForReply) {
      // The target gets these bytes and an orderly end; a reset could take them away before it reads them.
      this.#server.end(forwarded)
      this.#loseClient(loss, 0)
      return
    }
    this.#server.write(forwarded)
  }

  #reply(chunk: Buffer): void {
    if (this.#losing === undefined) {
      this.#traffic.loss?.onReply(this)
      this.#client.write(chunk)
      return
    }
    // The target has answered, so it has done the work: now nobody may hear of it.
    if (this.#losing.waitsForReply) this.#loseClient(this.#losing, chunk.length)
    this.#server.end()
  }

  #loseClient(loss: ReplyLoss, droppedBytes: number): void {
    this.#client.destroy()
    loss.happened(droppedBytes)
  }
}

/** One direction of a connection: keeps the order of its bytes, whatever delay they were given. */
class Direction {
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
