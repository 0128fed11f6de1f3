import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import { EventStoreError } from '@eventspine/core'

/** An item as the client takes and returns it. */
export type Item = Record<string, AttributeValue>

/** @throws {@link EventStoreError} `STORE_INCOMPATIBLE`: something else writes to the table. */
export function textOf(item: Item, attribute: string): string {
  const text = item[attribute]?.S
  if (text === undefined) throw unreadable(item, attribute)
  return text
}

/** The number, or `absent` where there is none. */
export function numberOf(item: Item, attribute: string, absent: number): number {
  const number = item[attribute]?.N
  return number === undefined ? absent : Number(number)
}

/** What an item holds is not of this format. */
export function unreadable(item: Item, attribute: string): EventStoreError<'STORE_INCOMPATIBLE'> {
  const key = `${item['pk']?.S ?? ''} / ${item['sk']?.S ?? ''}`
  return new EventStoreError(
    'STORE_INCOMPATIBLE',
    `dynamodb: the attribute "${attribute}" of item ${JSON.stringify(key)} is not as Eventspine writes it`,
  )
}
