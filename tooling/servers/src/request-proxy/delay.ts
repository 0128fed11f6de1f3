import { setTimeout as passed } from 'node:timers/promises'

/** How long a request is held back: a time, or until something has happened. A test with the latter races nothing. */
export type RequestDelay = ({ readonly delayMs: number } | { readonly until: Promise<unknown> }) & {
  /** Its connection is cut at once, so that its client, which cannot know, may have tried again before it arrives. */
  readonly cut?: true
}

/** Resolves when the delay is over, also when what it waits for fails. */
export async function delayOver(delay: RequestDelay): Promise<void> {
  await ('delayMs' in delay ? passed(delay.delayMs) : Promise.allSettled([delay.until]))
}
