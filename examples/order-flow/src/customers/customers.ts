import { setTimeout as delay } from 'node:timers/promises'
import type { AcceptedEvent } from '../order-service/http-api.ts'
import { sendCommand } from './order-client.ts'
import { planOrder } from './plan-order.ts'

export interface CustomersOptions {
  readonly baseUrl: string
  /** Part of every order's id. */
  readonly run: string
  readonly seed: number
  readonly orders: number
  /** Between two orders. */
  readonly paceMs: number
  readonly signal: AbortSignal
  /** Before the order of this number, from 1, is placed. */
  readonly onOrder: (number: number) => void
}

/** All that the order service has answered. */
export interface Answers {
  readonly accepted: AcceptedEvent[]
  /** Ids of commands that were refused, with the reason. */
  readonly refused: Map<string, string>
  /** Commands that had to be sent more than once. */
  sentAgain: number
  /** Of those: they had happened, and only the answer was lost. */
  lostAnswers: number
}

/** While the order service is away, customers with open orders keep asking; no others come. */
const MOST_AT_ONCE = 30

/** Places the orders, each customer's commands one after the other, and notes every answer. */
export async function placeOrders(options: CustomersOptions, answers: Answers): Promise<void> {
  const { orders, paceMs, signal, onOrder } = options
  const underWay = new Set<Promise<void>>()
  const failures: unknown[] = []
  for (let number = 1; number <= orders && failures.length === 0; number++) {
    if (underWay.size >= MOST_AT_ONCE) await Promise.race(underWay)
    onOrder(number)
    const life = liveThrough(options, number, answers)
      .catch((error: unknown) => failures.push(error))
      .then(() => void underWay.delete(life))
    underWay.add(life)
    await delay(paceMs, undefined, { signal })
  }
  await Promise.all(underWay)
  if (failures.length > 0) throw failures[0]
}

export function noAnswers(): Answers {
  return { accepted: [], refused: new Map(), sentAgain: 0, lostAnswers: 0 }
}

async function liveThrough(options: CustomersOptions, number: number, answers: Answers): Promise<void> {
  const { baseUrl, run, seed, signal } = options
  const { id, steps } = planOrder(run, seed, number)
  for (const step of steps) {
    await delay(step.afterMs, undefined, { signal })
    const outcome = await sendCommand(baseUrl, id, step, signal)
    if (outcome.attempts > 1) answers.sentAgain++
    if (outcome.kind === 'refused') {
      answers.refused.set(step.id, outcome.code)
    } else {
      answers.accepted.push(...outcome.events)
      if (outcome.repeated) answers.lostAnswers++
    }
  }
}
