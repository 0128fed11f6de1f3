import { EventStoreError } from '@eventspine/core'
import { classifyError } from './classify-error.ts'
import type { KafkaBatch, KafkaClient, KafkaProducer, KafkaProducerConfig, KafkaRecord } from './client.ts'
import { TimeRanOut, within } from './within.ts'

// Together with kafkajs's growing pauses some 25 s of quick refusals, as while a leader is elected.
const RETRY = { initialRetryTime: 50, multiplier: 2, maxRetryTime: 1000, retries: 30 }
// A transaction begun right behind another is refused for a moment, while the brokers still write its end.
const TRANSACTION_RETRY = { initialRetryTime: 2, multiplier: 1.5, maxRetryTime: 500, retries: 60 }

/** A producer object and what is known of the request it is busy with. */
export interface OpenProducer {
  readonly producer: KafkaProducer
  /** How often records of the request under way may have left. */
  attempts: number
  /** Nobody waits for it any more: no further attempt. */
  abandoned: boolean
}

export interface ProducerSlotOptions {
  readonly client: KafkaClient
  readonly transactional?: { readonly id: string; readonly timeoutMs: number } | undefined
}

/**
 * Holds one producer object at a time. One that failed is replaced: kafkajs takes back the sequence numbers of a
 * failed batch, and a broker that had written it would take the next one for its repetition and drop it.
 */
export class ProducerSlot {
  readonly #options: ProducerSlotOptions
  #open: OpenProducer | undefined
  /** The call of a producer that was given up; until it has ended, nothing may be sent that it could overtake. */
  #ending: Promise<void> = Promise.resolve()

  constructor(options: ProducerSlotOptions) {
    this.#options = options
  }

  /** @throws {@link EventStoreError} not applied: nothing can be sent now. */
  async take(deadlineMs: number): Promise<OpenProducer> {
    try {
      await within(this.#ending, deadlineMs - performance.now())
    } catch (error) {
      if (!(error instanceof TimeRanOut)) throw error
      throw new EventStoreError(
        'BACKEND_UNAVAILABLE',
        'kafka: not sent, since nobody knows yet what became of the batch before it',
        { retryable: true, cause: error },
      )
    }
    if (this.#open !== undefined) return this.#open
    const open = createProducer(this.#options)
    const connecting = open.producer.connect()
    try {
      await within(connecting, deadlineMs - performance.now())
    } catch (error) {
      this.#ending = connecting.catch(() => undefined).then(() => disconnect(open.producer))
      if (!(error instanceof TimeRanOut)) throw classifyError(error, { phase: 'read' })
      const message = 'kafka: no connection to the brokers in time'
      throw new EventStoreError('BACKEND_UNAVAILABLE', message, { retryable: true, cause: error })
    }
    this.#open = open
    return open
  }

  /** Gives the producer up, once `call` has ended. */
  replace(open: OpenProducer, call: Promise<unknown>): void {
    open.abandoned = true
    if (this.#open === open) this.#open = undefined
    this.#ending = call.catch(() => undefined).then(() => disconnect(open.producer))
  }

  async close(): Promise<void> {
    const open = this.#open
    this.#open = undefined
    if (open === undefined) return
    open.abandoned = true
    await disconnect(open.producer)
  }
}

/** A producer object that is not connected yet. */
export function createProducer({ client, transactional }: ProducerSlotOptions): OpenProducer {
  // kafkajs asks for every record of every attempt where it goes, so this is where attempts can be counted and
  // ended: an error here is no answer of a broker, and is not tried again.
  let first: unknown
  const createPartitioner: KafkaProducerConfig['createPartitioner'] =
    () =>
    ({ message }) => {
      if (open.abandoned) throw new RangeError('the batch was given up')
      if (open.attempts === 0) first = message
      if (message === first) open.attempts++
      return message.partition ?? 0
    }
  const producer = client.producer({
    createPartitioner,
    allowAutoTopicCreation: false,
    idempotent: true,
    maxInFlightRequests: 1,
    ...(transactional === undefined
      ? { retry: RETRY }
      : {
          retry: TRANSACTION_RETRY,
          transactionalId: transactional.id,
          transactionTimeout: transactional.timeoutMs,
        }),
  })
  const open: OpenProducer = { producer, attempts: 0, abandoned: false }
  return open
}

export function batchOf(topic: string, records: Iterable<KafkaRecord[]>): KafkaBatch {
  // Brokers wait this long for each other; kafkajs's own limit, requestTimeout, is 30 s too.
  return { acks: -1, timeout: 30_000, topicMessages: [{ topic, messages: [...records].flat() }] }
}

/** Connections that are broken already have nothing more to say. */
export async function disconnect(producer: KafkaProducer): Promise<void> {
  try {
    await producer.disconnect()
  } catch (error) {
    if (!(error instanceof Error)) throw error
  }
}
