import { connect, type Socket } from 'node:net'
import { Direction } from './direction.ts'
import { KafkaFrames, type FramedChunk, type KafkaFrame } from './kafka-frames.ts'
import type { RequestFault } from './request-fault.ts'
import type { Traffic } from './traffic.ts'

/** A fault that has struck this connection. */
interface Struck {
  readonly fault: RequestFault
  /** On a proxy of Kafka: whose reply it is about; elsewhere the next reply is. */
  readonly request: KafkaFrame | undefined
  /** Of the reply that is still to be delivered before the connection is cut, how many bytes; unknown at first. */
  remainingReply?: number
  /** True once nothing may come back any more. */
  silent: boolean
}

/** One client's connection and the one made for it to the target. */
export class ProxiedConnection {
  readonly #client: Socket
  readonly #server: Socket
  readonly #traffic: Traffic
  readonly #toServer: Direction
  readonly #toClient: Direction
  readonly #requests: KafkaFrames | undefined
  readonly #replies: KafkaFrames | undefined
  #struck: Struck | undefined

  constructor(client: Socket, target: { host: string; port: number }, traffic: Traffic, onEnd: () => void) {
    this.#client = client
    this.#traffic = traffic
    if (traffic.protocol === 'kafka') {
      this.#requests = new KafkaFrames('requests')
      this.#replies = new KafkaFrames('replies')
    }
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
    if (!this.#client.closed) return
    // The side whose reply was lost reads on to an orderly end: a reset could take bytes away before it reads them.
    if (this.#struck === undefined) this.#server.destroy()
    else this.#server.end()
  }

  #forward(arrived: Buffer): void {
    const framed = this.#requests?.take(arrived) ?? { chunk: arrived, frames: [] }
    const { chunk } = framed
    if (this.#struck !== undefined) {
      // The rest of a request in several chunks still has to arrive for the work to be done.
      const isNeeded = this.#struck.fault.waitsForReply && this.#struck.fault.kind !== 'lose-request'
      if (isNeeded && !this.#struck.silent && this.#server.writable) this.#server.write(chunk)
      return
    }
    const { fault } = this.#traffic
    const due = fault?.dueIn(this, framed, this.#requests !== undefined)
    if (fault === undefined || due === undefined) {
      this.#server.write(chunk)
      return
    }
    this.#traffic.fault = undefined
    this.#struck = { fault, request: due.frame, silent: false }
    this.#strike(fault, framed, due.frame)
  }

  #strike(fault: RequestFault, { chunk }: FramedChunk, request: KafkaFrame | undefined): void {
    if (fault.kind === 'lose-request') {
      // On a proxy of Kafka, what came before the chosen request in the same chunk is none of it.
      const before = chunk.subarray(0, request?.at ?? 0)
      this.#server.end(before)
      this.#loseClient(fault, chunk.length - before.length)
      return
    }
    const forwarded = chunk.subarray(0, fault.bytesToForward(chunk))
    if (fault.waitsForReply) {
      this.#server.write(forwarded)
      return
    }
    this.#server.end(forwarded)
    this.#loseClient(fault, 0)
  }

  #reply(arrived: Buffer): void {
    const framed = this.#replies?.take(arrived) ?? { chunk: arrived, frames: [] }
    const struck = this.#struck
    if (struck === undefined) {
      this.#traffic.fault?.onReply(this)
      this.#client.write(framed.chunk)
      return
    }
    if (struck.silent || !struck.fault.waitsForReply) return
    const start = this.#startOfReply(struck, framed)
    if (start === undefined) {
      this.#client.write(framed.chunk)
      return
    }
    if (struck.fault.kind === 'cut-after-reply') this.#deliverAndCut(struck, framed, start)
    else this.#drop(struck, framed.chunk, start)
  }

  /** Where in the chunk the reply begins, or goes on, that the fault is about. */
  #startOfReply({ request, remainingReply }: Struck, { frames }: FramedChunk): number | undefined {
    if (request === undefined || remainingReply !== undefined) return 0
    return frames.find(({ correlationId }) => correlationId === request.correlationId)?.at
  }

  /** The target has answered, so it has done the work: now nobody may hear of it. */
  #drop(struck: Struck, chunk: Buffer, start: number): void {
    if (start > 0) this.#client.write(chunk.subarray(0, start))
    const droppedBytes = chunk.length - start
    struck.silent = true
    if (struck.fault.kind === 'silence') {
      struck.fault.happened(droppedBytes)
      return
    }
    this.#loseClient(struck.fault, droppedBytes)
    this.#server.end()
  }

  #deliverAndCut(struck: Struck, { chunk, frames }: FramedChunk, start: number): void {
    const { request } = struck
    const frame = frames.find(({ correlationId }) => correlationId === request?.correlationId)
    const end = frame?.end ?? chunk.length
    struck.remainingReply = Math.max(0, end - chunk.length)
    const delivered = chunk.subarray(0, Math.max(start, Math.min(end, chunk.length)))
    if (struck.remainingReply > 0) {
      this.#client.write(delivered)
      return
    }
    struck.silent = true
    // An orderly end, so that the reply arrives before it.
    this.#client.end(delivered, () => {
      this.#client.destroy()
      struck.fault.happened(0)
    })
    this.#server.end()
  }

  #loseClient(fault: RequestFault, droppedBytes: number): void {
    this.#client.destroy()
    fault.happened(droppedBytes)
  }
}
