import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { json } from 'node:stream/consumers'
import { EventStoreError, type EventStore } from '@eventspine/core'
import { commandHandler, type CommandHandlerOf, DomainError } from '@eventspine/cqrs'
import { z } from 'zod'
import { orderDecider } from '../order/order-decider.ts'
import type { Accepted, CustomerCommand, Refused } from './http-api.ts'

export interface ServedCounts {
  readonly accepted: number
  /** Of the accepted ones: they had happened before, the answer was lost. */
  readonly repeated: number
  readonly refused: number
}

// Whether amounts make sense is for the rules to say; these are the shapes alone.
const item = z.object({ product: z.string(), quantity: z.number(), cents: z.number() })
const command = z.discriminatedUnion('type', [
  z.object({ type: z.literal('PlaceOrder'), customer: z.string(), items: z.array(item) }),
  z.object({ type: z.literal('PayOrder'), cents: z.number() }),
  z.object({ type: z.literal('CancelOrder') }),
])

/**
 * Serves the orders over HTTP on 127.0.0.1. A command happens once under its `Idempotency-Key`, so a customer who
 * got no answer sends it again.
 */
export async function serveOrders(
  store: EventStore,
  port: number,
  onServed: (counts: ServedCounts) => void,
): Promise<AsyncDisposable> {
  const handle = commandHandler(store, orderDecider)
  const counts = { accepted: 0, repeated: 0, refused: 0 }
  const server = createServer((request, response) => {
    void answer(handle, request).then(({ status, body }) => {
      if (status === 200) counts.accepted++
      if (status === 200 && 'repeated' in body && body.repeated) counts.repeated++
      if (status === 422) counts.refused++
      onServed(counts)
      send(response, status, body)
    })
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeIdleConnections()
      await once(server, 'close')
    },
  }
}

interface Answer {
  readonly status: number
  readonly body: Accepted | Refused
}

async function answer(
  handle: CommandHandlerOf<typeof orderDecider>,
  request: IncomingMessage,
): Promise<Answer> {
  try {
    const { order, id, command } = await parse(request)
    const { events, repeated } = await handle(order, command, { id })
    const accepted = events.map(({ id, type, streamId, streamPosition }) => ({
      id,
      type,
      streamId,
      streamPosition,
    }))
    return { status: 200, body: { events: accepted, repeated } }
  } catch (error) {
    return failure(error)
  }
}

async function parse(
  request: IncomingMessage,
): Promise<{ readonly order: string; readonly id: string; readonly command: CustomerCommand }> {
  const order = /^\/orders\/([\w-]+)$/.exec(request.url ?? '')?.[1]
  const id = request.headers['idempotency-key']
  if (request.method !== 'POST' || order === undefined) throw new BadRequest('POST /orders/ID')
  if (typeof id !== 'string') throw new BadRequest('an Idempotency-Key is missing')
  const parsed = command.safeParse(await json(request).catch(() => undefined))
  if (!parsed.success) throw new BadRequest(z.prettifyError(parsed.error))
  return { order, id, command: parsed.data }
}

class BadRequest extends Error {}

function failure(error: unknown): Answer {
  if (error instanceof BadRequest)
    return { status: 400, body: { code: 'BAD_REQUEST', message: error.message } }
  if (DomainError.is(error)) return { status: 422, body: { code: error.code, message: error.message } }
  // It may have happened or not: the same key again decides it.
  if (EventStoreError.is(error)) return { status: 503, body: { code: error.code, message: error.message } }
  console.error(error)
  return { status: 500, body: { code: 'UNEXPECTED', message: 'see the log of the order service' } }
}

function send(response: ServerResponse, status: number, body: Accepted | Refused): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
