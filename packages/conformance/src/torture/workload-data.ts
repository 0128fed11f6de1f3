import type { NewEvent, RecordedEvent } from '@eventspine/core'

/** Documents written in the same commit as events. */
export const COMMITS = 'torture-commits'
/** Followed by the group's name: what its handlers counted, a document a stream. */
export const AMOUNTS = 'torture-amounts-'

/** An event whose data can be told from its id, so that damage shows and a repeat is the same event. */
export function workloadEvent(id: string): NewEvent {
  const digits = Number.parseInt(id.slice(9, 13), 16)
  // One in twenty is large enough to fill pages.
  const padding = digits % 20 === 0 ? 4000 : digits % 60
  return { id, type: 'AmountMoved', data: { amount: amountOfId(id), padding: 'x'.repeat(padding) } }
}

export function amountOfId(id: string): number {
  return Number.parseInt(id.slice(0, 7), 16)
}

/** The data are what the id says. */
export function isSound({ id, data }: RecordedEvent): boolean {
  return typeof data === 'object' && data !== null && 'amount' in data && data.amount === amountOfId(id)
}

/** What handlers keep of a stream: a fold in which a lost, doubled or reordered event shows. */
export interface Amounts {
  readonly count: number
  readonly lastVersion: number
  /** Of `total × 31 + amount` over all events, modulo 2³¹ − 1: it depends on their order. */
  readonly total: number
}

export const NOTHING_COUNTED: Amounts = { count: 0, lastVersion: 0, total: 0 }

export function countAmount(before: Amounts, version: number, amount: number): Amounts {
  return { count: before.count + 1, lastVersion: version, total: (before.total * 31 + amount) % 2147483647 }
}
