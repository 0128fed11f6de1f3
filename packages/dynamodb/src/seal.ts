import { placeFree } from './append-plan.ts'
import type { FeedReader } from './feed-reader.ts'
import type { FeedTail } from './feed-tail.ts'
import { type Keys, numberKey } from './keys.ts'
import { decodeSlot, sealItem } from './slot-item.ts'
import type { Table } from './table.ts'

/** Puts a seal where the next slot would come, so that none can, or takes it away. */
export async function seal(
  {
    table,
    keys,
    feed,
    tail,
  }: { readonly table: Table; readonly keys: Keys; readonly feed: FeedReader; readonly tail: FeedTail },
  sealed: boolean,
): Promise<void> {
  const pk = keys.feed(tail.partition)
  for (;;) {
    const last = await feed.lastSlot(tail.partition)
    if ((last?.sealed ?? false) === sealed) return
    if (!sealed) {
      // Where it has gone meanwhile, somebody else has taken it away, or the client has sent this twice.
      await table.delete({
        Key: { pk: { S: pk }, sk: { S: numberKey(last?.first ?? 1) } },
        ConditionExpression: 'attribute_exists(sealed)',
      })
      return
    }
    const outcome = await table.put({
      Item: sealItem(pk, (last?.last ?? 0) + 1, last?.lastId),
      ...placeFree(),
    })
    if (outcome.ok) return
    // A commit came in between: the seal has to come behind it.
    if (outcome.item !== undefined && !decodeSlot(outcome.item).sealed) tail.passed(decodeSlot(outcome.item))
  }
}
