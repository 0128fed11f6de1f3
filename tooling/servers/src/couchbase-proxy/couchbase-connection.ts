import { connect, type Socket } from 'node:net'
import { delayOver } from '../request-proxy/delay.ts'
import type { Fated } from '../request-proxy/fates.ts'
import { hasClusterMap, mapThroughPort } from './cluster-map.ts'
import { CouchbaseFrames, withValue, type CouchbaseFrame } from './couchbase-frame.ts'
import { requestOf, type CouchbaseFate, type CouchbaseRequest } from './couchbase-request.ts'

const hello = 0x1f
/** Keys begin with the number of a collection. */
const collectionsFeature = 0x12

/** What a connection asks its proxy. */
export interface CouchbaseProxyRules {
  readonly port: number
  readonly target: { readonly host: string; readonly port: number }
  /** Counts the request and decides about it. */
  fateOf(request: CouchbaseRequest): Fated<CouchbaseFate> | undefined
}

/** One client's connection and the one made for it to the server. */
export class CouchbaseConnection {
  readonly #client: Socket
  readonly #server: Socket
  readonly #rules: CouchbaseProxyRules
  /** Requests whose replies are not to arrive, by their opaque numbers. */
  readonly #unanswered = new Map<number, Fated<CouchbaseFate>>()
  /** Delayed requests that the server has not answered, by their opaque numbers. */
  readonly #late = new Map<number, Fated<CouchbaseFate>>()
  #hasCollections = false

  constructor(client: Socket, rules: CouchbaseProxyRules, onEnd: () => void) {
    this.#client = client
    this.#rules = rules
    this.#server = connect({ ...rules.target, noDelay: true })
    const requests = new CouchbaseFrames()
    const replies = new CouchbaseFrames()
    client.on('data', (chunk: Buffer) => {
      for (const frame of requests.take(chunk)) this.#forward(frame)
    })
    this.#server.on('data', (chunk: Buffer) => {
      for (const frame of replies.take(chunk)) this.#reply(frame)
    })
    for (const socket of [client, this.#server]) {
      // What broke is told to the other side by closing it, which is all that the two can notice of each other.
      socket.on('error', () => undefined)
      socket.on('close', () => {
        client.destroy()
        this.#endServer()
        if (this.#server.closed) this.#fail()
        if (client.closed && this.#server.closed) onEnd()
      })
    }
  }

  /** Ends both sides at once; a late request is delivered all the same. */
  cut(): void {
    this.#client.destroy()
    this.#endServer()
  }

  #endServer(): void {
    // An orderly end: a reset could take away what the server has not read yet.
    if (this.#late.size === 0) this.#server.end()
  }

  /** What the server has not answered, it never will. */
  #fail(): void {
    for (const fated of [...this.#unanswered.values(), ...this.#late.values()]) fated.failed()
    this.#unanswered.clear()
    this.#late.clear()
  }

  #forward(frame: CouchbaseFrame): void {
    const request = requestOf(frame, this.#hasCollections)
    const fated = request && this.#rules.fateOf(request)
    if (fated === undefined) {
      this.#server.write(frame.bytes)
      return
    }
    const { fate } = fated
    if (typeof fate === 'object') {
      this.#late.set(frame.opaque, fated)
      if (fate.cut) this.cut()
      void delayOver(fate).then(() => this.#server.write(frame.bytes))
      return
    }
    if (fate === 'lose-reply' || fate === 'drop-reply') {
      this.#unanswered.set(frame.opaque, fated)
      this.#server.write(frame.bytes)
      return
    }
    if (fate === 'lose-request') this.cut()
    fated.happened()
  }

  #reply(frame: CouchbaseFrame): void {
    const fated = this.#unanswered.get(frame.opaque)
    if (fated !== undefined) {
      this.#unanswered.delete(frame.opaque)
      if (fated.fate === 'lose-reply') this.cut()
      fated.happened()
      return
    }
    this.#late.get(frame.opaque)?.happened()
    this.#late.delete(frame.opaque)
    if (this.#client.destroyed) this.#endServer()
    if (frame.opcode === hello) this.#hasCollections = grantsCollections(frame.value)
    if (this.#client.writable) this.#client.write(this.#throughProxy(frame))
  }

  #throughProxy(frame: CouchbaseFrame): Buffer {
    if (!hasClusterMap(frame)) return frame.bytes
    return withValue(frame, Buffer.from(mapThroughPort(frame.value.toString(), this.#rules.port)))
  }
}

function grantsCollections(features: Buffer): boolean {
  for (let at = 0; at + 1 < features.length; at += 2) {
    if (features.readUInt16BE(at) === collectionsFeature) return true
  }
  return false
}
