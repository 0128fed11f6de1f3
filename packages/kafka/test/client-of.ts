import { randomUUID } from 'node:crypto'
import { kafkaSocketFactory, type FaultProxy } from '@eventspine/servers'
import { Kafka, logLevel } from 'kafkajs'

/** A name that no other test uses. */
export function uniqueTopic(): string {
  return `test-${randomUUID()}`
}

/** A client as an application has one, which says nothing and gives up soon. */
export function clientOf(url: string, proxy?: FaultProxy): Kafka {
  return new Kafka({
    brokers: [new URL(url).host],
    logLevel: logLevel.NOTHING,
    connectionTimeout: 3000,
    requestTimeout: 3000,
    retry: { initialRetryTime: 5, multiplier: 2, maxRetryTime: 200, retries: 30 },
    ...(proxy === undefined ? {} : { socketFactory: kafkaSocketFactory([proxy]) }),
  })
}
