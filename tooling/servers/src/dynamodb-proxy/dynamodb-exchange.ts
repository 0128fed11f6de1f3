import {
  request as startRequest,
  type Agent,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import { delayOver } from '../request-proxy/delay.ts'
import type { Fated } from '../request-proxy/fates.ts'
import type { DynamodbFate, DynamodbRequest } from './dynamodb-request.ts'
import { partialBatch } from './partial-batch.ts'
import { conflictReply, errorReply, ownReply, type DynamodbReply } from './service-error.ts'

/** Where requests go that are passed on. */
export interface DynamodbTarget {
  readonly host: string
  readonly port: number
  readonly agent: Agent
}

/** One request of a client, and the means to answer it. */
export class DynamodbExchange {
  readonly #incoming: IncomingMessage
  readonly #response: ServerResponse
  readonly #target: DynamodbTarget
  readonly #request: DynamodbRequest

  constructor(
    incoming: IncomingMessage,
    response: ServerResponse,
    target: DynamodbTarget,
    request: DynamodbRequest,
  ) {
    this.#incoming = incoming
    this.#response = response
    this.#target = target
    this.#request = request
  }

  /** Passes the request on and the reply back. */
  async pass(): Promise<void> {
    this.#answer(await this.#deliver())
  }

  async meet({ fate }: Fated<DynamodbFate>): Promise<void> {
    if (fate === 'drop-request') return
    if (fate === 'lose-request') return this.#cut()
    if (fate === 'drop-reply' || fate === 'lose-reply') {
      await this.#deliver()
      if (fate === 'lose-reply') this.#cut()
      return
    }
    if ('delayMs' in fate || 'until' in fate) {
      if (fate.cut) this.#cut()
      await delayOver(fate)
      return await this.pass()
    }
    if ('error' in fate) return this.#answer(errorReply(fate.error))
    if ('conflictAt' in fate) return this.#answer(conflictReply(this.#request.body, fate.conflictAt))
    if ('processed' in fate) return await this.#processPart(fate.processed)
    await this.#deliver()
    this.#answer(errorReply(fate.executedError))
  }

  async #processPart(processed: number): Promise<void> {
    const { operation, body } = this.#request
    const batch = partialBatch(operation, body, processed)
    const reply = batch.body === undefined ? undefined : await this.#deliver(batch.body)
    if (reply === undefined || reply.status === 200) this.#answer(ownReply(200, batch.reply(reply?.body)))
    else this.#answer(reply)
  }

  /** @returns what the server answered. Rejects when it does not. */
  #deliver(body: string = this.#request.body): Promise<DynamodbReply> {
    const headers = ofContent(this.#incoming.headers)
    return new Promise((resolve, reject) => {
      const outgoing = startRequest(
        { ...this.#target, path: this.#incoming.url, method: this.#incoming.method, headers },
        (incoming) => {
          const { statusCode: status = 500, headers } = incoming
          textOf(incoming).then(
            (text) => resolve({ status, headers: ofContent(headers), body: text }),
            reject,
          )
        },
      )
      outgoing.on('error', reject)
      outgoing.end(body)
    })
  }

  #answer({ status, headers, body }: DynamodbReply): void {
    // Its client may have gone.
    if (this.#response.destroyed) return
    this.#response.writeHead(status, headers).end(body)
  }

  #cut(): void {
    this.#incoming.socket.destroy()
  }
}

/** Without those that are about one connection, which are made anew. */
function ofContent(headers: IncomingHttpHeaders): DynamodbReply['headers'] {
  const aboutConnection = new Set(['connection', 'content-length', 'keep-alive', 'transfer-encoding'])
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !aboutConnection.has(name)))
}

/** All that a message holds, as text. */
export async function textOf(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of message) chunks.push(chunk as Buffer) // A message without an encoding gives bytes.
  return Buffer.concat(chunks).toString()
}
