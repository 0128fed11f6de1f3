import { randomUUID } from 'node:crypto'
import { type Commit, type CommitOutcome, EventStoreError } from '@eventspine/core'
import { classifyError, type FailureContext } from './classify-error.ts'
import { acknowledged } from './acknowledgement.ts'
import type { KafkaClient } from './client.ts'
import { batchOf, type OpenProducer, ProducerSlot } from './producer-slot.ts'
import type { Round } from './round-layout.ts'
import { type RoundResult, Rounds } from './rounds.ts'
import { sendBatch } from './send-batch.ts'
import { TimeRanOut, within } from './within.ts'

export interface PublisherOptions {
  readonly client: KafkaClient
  readonly topic: string
  readonly mode: 'idempotent' | 'transactional'
  readonly deliveryTimeoutMs: number
  readonly maxMessageBytes: number
  /** The topic's partitions may be led by several brokers. */
  readonly apart: boolean
  readonly source: string
}

/** How long brokers keep a transaction open whose producer is silent: as long as it can hold readers up. */
export const TRANSACTION_TIMEOUT_MS = 10_000

/** Sends batches one after the other and checks every acknowledgement. */
export class Publisher {
  readonly #options: PublisherOptions
  readonly #producers: ProducerSlot

  constructor(options: PublisherOptions) {
    this.#options = options
    const { client, topic, mode } = options
    const id = `eventspine.${topic}.${randomUUID()}`
    this.#producers = new ProducerSlot({
      client,
      transactional: mode === 'transactional' ? { id, timeoutMs: TRANSACTION_TIMEOUT_MS } : undefined,
    })
  }

  async publish(commits: readonly Commit[]): Promise<readonly CommitOutcome[]> {
    const layout = new Rounds(commits, this.#options, Date.now())
    const { rounds } = layout
    if (rounds.length === 0) return layout.outcomes([])
    const deadlineMs = performance.now() + this.#options.deliveryTimeoutMs
    const transactional = this.#options.mode === 'transactional'
    const sent = transactional
      ? this.#inTransaction(rounds, deadlineMs)
      : this.#idempotently(rounds, deadlineMs)
    return layout.outcomes(await sent)
  }

  close(): Promise<void> {
    return this.#producers.close()
  }

  async #idempotently(rounds: readonly Round[], deadlineMs: number): Promise<readonly RoundResult[]> {
    const results: RoundResult[] = []
    for (const round of rounds) {
      const result = await this.#sendRound(round, deadlineMs)
      results.push(result)
      // What comes behind a failure would stand before its repetition.
      if ([...result.values()].some((each) => typeof each !== 'number')) break
    }
    return results
  }

  async #sendRound(round: Round, deadlineMs: number): Promise<RoundResult> {
    let open: OpenProducer
    try {
      open = await this.#producers.take(deadlineMs)
    } catch (error) {
      return failed(round, classifyError(error, { phase: 'write', attempts: 0 }))
    }
    open.attempts = 0
    const { topic, apart } = this.#options
    const { producer } = open
    const batch = batchOf(topic, round.partitions.values())
    const sent = sendBatch((part) => producer.sendBatch(part), batch, apart)
    try {
      const answers = await within(sent, deadlineMs - performance.now())
      const sending = { attempts: open.attempts, inTransaction: false }
      const result = acknowledged(this.#options.topic, round, answers, sending)
      if ([...result.values()].some((each) => EventStoreError.is(each, 'OUTCOME_UNKNOWN')))
        this.#producers.replace(open, sent)
      return result
    } catch (error) {
      const { attempts } = open
      this.#producers.replace(open, sent)
      return failed(round, failure(error, { phase: 'write', attempts, partitions: round.partitions.size }))
    }
  }

  /** All rounds become readable at once. What fails before the commit is sent never does. */
  async #inTransaction(rounds: readonly Round[], deadlineMs: number): Promise<readonly RoundResult[]> {
    let open: OpenProducer
    try {
      open = await this.#producers.take(deadlineMs)
    } catch (error) {
      const error_ = classifyError(error, { phase: 'write', attempts: 0 })
      return rounds.map((round) => failed(round, error_))
    }
    const state = { committing: false }
    const work = transact(open, this.#options, rounds, state)
    try {
      return await within(work, deadlineMs - performance.now())
    } catch (error) {
      const attempts = state.committing ? undefined : 0
      this.#producers.replace(open, work)
      const error_ = failure(error, { phase: 'write', attempts })
      return rounds.map((round) => failed(round, error_))
    }
  }
}

async function transact(
  open: OpenProducer,
  { topic, apart }: Pick<PublisherOptions, 'topic' | 'apart'>,
  rounds: readonly Round[],
  state: { committing: boolean },
): Promise<readonly RoundResult[]> {
  const transaction = await open.producer.transaction()
  const results: RoundResult[] = []
  try {
    for (const round of rounds) {
      open.attempts = 0
      const batch = batchOf(topic, round.partitions.values())
      const answers = await sendBatch((part) => transaction.sendBatch(part), batch, apart)
      const sending = { attempts: open.attempts, inTransaction: true }
      const result = acknowledged(topic, round, answers, sending)
      const refusal = [...result.values()].find((each) => typeof each !== 'number')
      if (refusal !== undefined) throw refusal
      results.push(result)
    }
    // Given up in the meantime, and told to be so: it must not be committed any more.
    if (open.abandoned) throw new RangeError('the batch was given up')
  } catch (error) {
    // It would end by itself; what it failed with counts for more than that ending it fails too.
    await transaction.abort().catch(() => undefined)
    throw error
  }
  state.committing = true
  await transaction.commit()
  return results
}

function failure(error: unknown, context: FailureContext): EventStoreError {
  if (!(error instanceof TimeRanOut)) {
    const classified = classifyError(error, context)
    if (classified.code !== 'LEASE_LOST') return classified
    // Nobody else has this producer's id, so its transaction was ended by the brokers.
    const message = 'kafka: the transaction was open for too long and was undone'
    return new EventStoreError('BACKEND_UNAVAILABLE', message, { retryable: true, cause: error })
  }
  const text = 'kafka: the brokers did not acknowledge within deliveryTimeoutMs'
  return context.attempts === 0
    ? new EventStoreError('BACKEND_UNAVAILABLE', `${text}; nothing was sent`, {
        retryable: true,
        cause: error,
      })
    : new EventStoreError('OUTCOME_UNKNOWN', text, { outcome: 'unknown', retryable: true, cause: error })
}

function failed(round: Round, error: EventStoreError): RoundResult {
  return new Map(Array.from(round.partitions, ([partition]): [number, EventStoreError] => [partition, error]))
}
