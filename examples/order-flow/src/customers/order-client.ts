import { setTimeout as delay } from 'node:timers/promises'
import type { Accepted, Refused } from '../order-service/http-api.ts'
import type { PlannedStep } from './plan-order.ts'

const REQUEST_TIMEOUT_MS = 5000
const FIRST_DELAY_MS = 50
const MAX_DELAY_MS = 1000

/** What became of a command. */
export type Outcome =
  | ({ readonly kind: 'accepted'; readonly attempts: number } & Accepted)
  | ({ readonly kind: 'refused'; readonly attempts: number } & Refused)

/**
 * Sends a customer's command until the order service answers: whether an attempt whose answer was lost had an
 * effect, nobody knows, and nobody needs to.
 *
 * @throws the signal's reason when it aborts; the service's own words when it finds the request malformed.
 */
export async function sendCommand(
  baseUrl: string,
  order: string,
  { id, command }: PlannedStep,
  signal: AbortSignal,
): Promise<Outcome> {
  for (
    let attempts = 1, delayMs = FIRST_DELAY_MS;
    ;
    attempts++, delayMs = Math.min(2 * delayMs, MAX_DELAY_MS)
  ) {
    signal.throwIfAborted()
    const outcome = await attempt(`${baseUrl}/orders/${order}`, id, JSON.stringify(command))
    if (outcome !== undefined) return { ...outcome, attempts }
    await delay(delayMs, undefined, { signal })
  }
}

type Answer = ({ readonly kind: 'accepted' } & Accepted) | ({ readonly kind: 'refused' } & Refused)

/** @returns `undefined` when it must be sent again. */
async function attempt(url: string, id: string, body: string): Promise<Answer | undefined> {
  let response: Response
  let text: string
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': id },
      body,
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    })
    text = await response.text()
  } catch (error) {
    // fetch says so of every broken connection, and DOMException is its timeout.
    if (error instanceof TypeError || error instanceof DOMException) return undefined
    throw error
  }
  // The service is part of this program: it answers in these shapes.
  if (response.status === 200) return { kind: 'accepted', ...(JSON.parse(text) as Accepted) }
  if (response.status === 422) return { kind: 'refused', ...(JSON.parse(text) as Refused) }
  if (response.status >= 500) return undefined
  throw new Error(`the order service answered ${response.status}: ${text}`)
}
