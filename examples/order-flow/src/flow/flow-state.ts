import { checkFlow, type Check } from '../audit/check-flow.ts'
import type { StoreAudit } from '../audit/store-audit.ts'
import type { StreamAudit } from '../audit/stream-audit.ts'
import { type Answers, noAnswers } from '../customers/customers.ts'
import { totalSales, type Sales } from '../order/sales.ts'
import type { ServiceState } from './fleet.ts'

/** Something that happened, for people. */
export interface Note {
  readonly atMs: number
  readonly text: string
}

/** All that there is to see of a run. */
export interface FlowState {
  /** `PostgreSQL → relay → Kafka`. */
  readonly route: string
  readonly seed: number
  readonly orders: number
  readonly elapsedMs: number
  readonly begun: number
  readonly services: readonly ServiceState[]
  readonly sentAgain: number
  readonly lostAnswers: number
  /** Events in the store. */
  readonly stored: number
  /** Of those, not yet seen in the stream. */
  readonly onTheWay: number
  /** Paid, neither shipped nor cancelled. */
  readonly toShip: number
  /** Events in the store, not yet in the dashboard's totals. */
  readonly uncounted: number
  readonly sales: Sales
  readonly latest: readonly string[]
  readonly notes: readonly Note[]
}

/** What the run itself watches: what was answered, what is stored, what is in the stream. */
export class FlowWatch {
  readonly answers: Answers = noAnswers()
  readonly notes: Note[] = []
  begun = 0
  sales: Sales = {}
  latest: readonly string[] = []
  readonly #startedAtMs = performance.now()
  readonly #store: StoreAudit
  readonly #stream: StreamAudit

  constructor(store: StoreAudit, stream: StreamAudit) {
    this.#store = store
    this.#stream = stream
  }

  get elapsedMs(): number {
    return performance.now() - this.#startedAtMs
  }

  check(sales: Sales): readonly Check[] {
    return checkFlow({
      stored: this.#store.events,
      streamed: this.#stream.events,
      accepted: this.answers.accepted,
      refused: new Set(this.answers.refused.keys()),
      sales,
    })
  }

  state(about: Pick<FlowState, 'route' | 'seed' | 'orders'>, services: Iterable<ServiceState>): FlowState {
    const { begun, sales, latest, notes, answers, elapsedMs } = this
    const stored = this.#store.events.length
    const { placed, paid, shipped, cancelled } = totalSales(sales)
    return {
      ...about,
      elapsedMs,
      begun,
      services: [...services],
      sentAgain: answers.sentAgain,
      lostAnswers: answers.lostAnswers,
      stored,
      onTheWay: Math.max(0, stored - this.#stream.events.length),
      toShip: this.#toShip(),
      uncounted: Math.max(0, stored - (placed + paid + shipped + cancelled)),
      sales,
      latest,
      notes,
    }
  }

  #toShip(): number {
    const waiting = new Set<string>()
    for (const { type, streamId } of this.#store.events) {
      if (type === 'OrderPaid') waiting.add(streamId)
      else waiting.delete(streamId)
    }
    return waiting.size
  }
}
