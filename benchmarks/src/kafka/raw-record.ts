import { randomUUID } from 'node:crypto'
import type { Message } from 'kafkajs'
import { ORDER_PLACED, orderData, orderMetadata } from '../workload/order-event.ts'

/** The same envelope that we write, by hand: CloudEvents in binary mode. */
export function rawRecord(streamId: string, number: number, partition: number): Message {
  const now = Date.now()
  return {
    key: streamId,
    partition,
    value: JSON.stringify(orderData(number)),
    timestamp: String(now),
    headers: {
      ce_specversion: '1.0',
      ce_id: randomUUID(),
      ce_type: ORDER_PLACED,
      ce_source: 'bench',
      ce_time: new Date(now).toISOString(),
      'content-type': 'application/json',
      ce_schemaversion: '1',
      ce_eventmetadata: JSON.stringify(orderMetadata(number)),
    },
  }
}
