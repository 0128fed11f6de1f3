import type { DomainEventOf } from '@eventspine/core'
import { formatMoney } from '../order/money.ts'
import type { order } from '../order/order.ts'
import { countEvent, noSales, type CustomerSales, type Sales } from '../order/sales.ts'
import type { AcceptedEvent } from '../order-service/http-api.ts'
import type { OrderEvent } from './store-audit.ts'

/** What is looked at of an event. */
export type CheckedEvent = DomainEventOf<typeof order> &
  Pick<OrderEvent, 'id' | 'streamId' | 'streamPosition' | 'metadata'>

/** What is known at the end, from all sides. */
export interface Evidence {
  /** Of all orders in the store. */
  readonly stored: readonly CheckedEvent[]
  /** Of all orders in the stream, in its order. */
  readonly streamed: readonly CheckedEvent[]
  /** What the order service told its customers. */
  readonly accepted: readonly AcceptedEvent[]
  /** Commands that it refused. */
  readonly refused: ReadonlySet<string>
  /** The dashboard's read model. */
  readonly sales: Sales
}

/** One promise, and how it was broken. */
export interface Check {
  readonly promise: string
  readonly problems: readonly string[]
}

/** Holds what the parts of the flow say against each other: the store is what happened. */
export function checkFlow(evidence: Evidence): readonly Check[] {
  return [checkAnswers(evidence), checkStream(evidence), checkShipments(evidence), checkSales(evidence)]
}

function checkAnswers({ stored, accepted, refused }: Evidence): Check {
  const problems: string[] = []
  const byId = groupBy(stored, ({ id }) => id)
  for (const { id, type, streamId, streamPosition } of accepted) {
    const what = `${type} of ${streamId} was accepted as event ${streamPosition}`
    const found = byId.get(id) ?? []
    if (found.length !== 1) problems.push(`${what} and is ${times(found.length)} in the store`)
    for (const event of found) {
      if (event.streamId === streamId && event.streamPosition === streamPosition) continue
      problems.push(`${what} and stands as event ${event.streamPosition} of ${event.streamId}`)
    }
  }
  for (const { type, streamId, metadata } of stored) {
    const { causationId } = metadata
    if (typeof causationId !== 'string' || !refused.has(causationId)) continue
    problems.push(`${type} of ${streamId} was refused and is in the store`)
  }
  const answers = `${count(accepted.length, 'accepted event')} exactly once in the store`
  return { promise: `${answers}, of ${count(refused.size, 'refused command')} nothing`, problems }
}

function checkStream({ stored, streamed }: Evidence): Check {
  const problems: string[] = []
  const inStream = groupBy(streamed, ({ streamId }) => streamId)
  const inStore = groupBy(stored, ({ streamId }) => streamId)
  for (const [streamId, events] of inStore) {
    const found = inStream.get(streamId) ?? []
    const timesOf = groupBy(found, ({ id }) => id)
    for (const { id, type, streamPosition } of events) {
      const number = timesOf.get(id)?.length ?? 0
      if (number !== 1)
        problems.push(`event ${streamPosition} of ${streamId}, ${type}, is ${times(number)} in the stream`)
    }
    const positions = found.map(({ streamPosition }) => streamPosition)
    if (positions.some((position, index) => position < (positions[index - 1] ?? 0)))
      problems.push(`events of ${streamId} stand in the stream as ${positions.join(', ')}`)
  }
  const known = new Set(stored.map(({ id }) => id))
  for (const { id, type, streamId } of streamed) {
    if (!known.has(id)) problems.push(`${type} of ${streamId} is in the stream and not in the store`)
  }
  return {
    promise: `${count(stored.length, 'event')} of the store exactly once in the stream, in order`,
    problems,
  }
}

function checkShipments({ stored }: Evidence): Check {
  const problems: string[] = []
  let shipped = 0
  let cancelled = 0
  for (const [streamId, events] of groupBy(stored, (event) => event.streamId)) {
    const types = events.map(({ type }) => type)
    const payment = events.find(({ type }) => type === 'OrderPaid')
    const shipments = events.filter(({ type }) => type === 'ShipmentDispatched')
    if (shipments.length > 0) shipped++
    if (payment !== undefined && types.includes('OrderCancelled')) cancelled++
    if (shipments.length > 1) problems.push(`${streamId} was shipped ${times(shipments.length)}`)
    if (shipments.length > 0 && types.includes('OrderCancelled'))
      problems.push(`${streamId} was cancelled and shipped`)
    if (shipments.length > 0 && payment === undefined) problems.push(`${streamId} was shipped and never paid`)
    if (payment !== undefined && shipments.length === 0 && !types.includes('OrderCancelled'))
      problems.push(`${streamId} was paid and never shipped`)
    for (const { metadata } of shipments) {
      if (payment === undefined || metadata.causationId === payment.id) continue
      problems.push(`${streamId} was not shipped because of its payment`)
    }
  }
  const promise = `${count(shipped, 'order')} shipped once: all that were paid, but ${cancelled} cancelled in time`
  return { promise, problems }
}

function checkSales({ stored, sales }: Evidence): Check {
  const problems: string[] = []
  const expected = stored.reduce(countEvent, {})
  for (const customer of new Set([...Object.keys(expected), ...Object.keys(sales)])) {
    const shown = describeSales(sales[customer] ?? noSales)
    const folded = describeSales(expected[customer] ?? noSales)
    if (shown !== folded)
      problems.push(`of ${customer} the dashboard shows ${shown}; the events say ${folded}`)
  }
  return { promise: "the dashboard's totals are the fold of the store's events", problems }
}

function describeSales({ placed, paid, shipped, cancelled, cents }: CustomerSales): string {
  return `${placed} placed, ${paid} paid, ${shipped} shipped, ${cancelled} cancelled, ${formatMoney(cents)}`
}

function groupBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): ReadonlyMap<string, Item[]> {
  const groups = new Map<string, Item[]>()
  for (const item of items) {
    const group = groups.get(keyOf(item))
    if (group === undefined) groups.set(keyOf(item), [item])
    else group.push(item)
  }
  return groups
}

function times(number: number): string {
  return number === 0 ? 'not' : number === 1 ? 'once' : number === 2 ? 'twice' : `${number} times`
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`
}
