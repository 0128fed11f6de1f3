import { type Item, textOf, unreadable } from './item.ts'
import { numberKey } from './keys.ts'

/*
 * A slot of the feed names the commits of one transaction in their order. Its sort key is the sequence of its first
 * event, which is one more than that of the last event of the slot before: the feed has no gap, and a slot can only be
 * written where the feed ends. Its text is a line `COUNT LAST_ID TOKEN`, then a line for each commit.
 */

/** Events of one stream that follow each other in the feed and stand in one item. */
export interface SlotEntry {
  readonly streamId: string
  /** Version of the item's first event: its key. */
  readonly item: number
  /** Events of the item that come before these. */
  readonly skip: number
  readonly count: number
}

export interface Slot {
  /** Sequence of its first event. */
  readonly first: number
  /** Sequence of its last event; `first - 1` of a seal. */
  readonly last: number
  /** Id of its last event; of a seal: of the last before, `undefined` where there is none. */
  readonly lastId: string | undefined
  /** Of the transaction that wrote it. */
  readonly token: string
  readonly entries: readonly SlotEntry[]
  readonly sealed: boolean
}

/** `ITEM`, then what differs from one whole commit of one event: `+SKIP`, `*COUNT`; then the stream. */
export function entryLine({ streamId, item, skip, count }: SlotEntry): string {
  return `${item}${skip === 0 ? '' : `+${skip}`}${count === 1 ? '' : `*${count}`} ${streamId}`
}

export function slotItem(
  pk: string,
  first: number,
  slot: {
    readonly lines: readonly string[]
    readonly count: number
    readonly lastId: string
    readonly token: string
  },
): Item {
  const { lines, count, lastId, token } = slot
  return {
    pk: { S: pk },
    sk: { S: numberKey(first) },
    slot: { S: `${count} ${lastId} ${token}\n${lines.join('\n')}` },
  }
}

/** What stands where the next slot would, so that none can be written. */
export function sealItem(pk: string, first: number, lastId: string | undefined): Item {
  return { pk: { S: pk }, sk: { S: numberKey(first) }, sealed: { S: lastId ?? '-' } }
}

const ENTRY = /^(\d+)(?:\+(\d+))?(?:\*(\d+))? (.+)$/s

export function decodeSlot(item: Item): Slot {
  const first = Number(textOf(item, 'sk'))
  const sealed = item['sealed']?.S
  if (sealed !== undefined) {
    const lastId = sealed === '-' ? undefined : sealed
    return { first, last: first - 1, lastId, token: '', entries: [], sealed: true }
  }
  const [header = '', ...lines] = textOf(item, 'slot').split('\n')
  const [count, lastId, token = ''] = header.split(' ')
  const entries = lines.map((line): SlotEntry => {
    const [, at, skip, count, streamId] = ENTRY.exec(line) ?? []
    if (at === undefined || streamId === undefined) throw unreadable(item, 'slot')
    return { streamId, item: Number(at), skip: Number(skip ?? 0), count: Number(count ?? 1) }
  })
  if (!(Number(count) >= 1)) throw unreadable(item, 'slot')
  return { first, last: first + Number(count) - 1, lastId, token, entries, sealed: false }
}
