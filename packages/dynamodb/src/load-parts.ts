import { partsOf } from './commit-item.ts'
import { type Item, textOf } from './item.ts'
import { type Keys, partKey } from './keys.ts'
import type { Table } from './table.ts'

/** The rest of a commit's text; `undefined` when some of it is not there, or not there any more. */
export async function loadParts(
  table: Table,
  keys: Keys,
  streamId: string,
  item: Item,
): Promise<string | undefined> {
  const version = Number(textOf(item, 'sk'))
  const pk = keys.parts(streamId)
  const wanted = Array.from({ length: partsOf(item) }, (_, index) => partKey(version, index + 1))
  const found = await table.batchGet(wanted.map((sk) => ({ pk, sk })))
  const texts = new Map(found.map((part) => [textOf(part, 'sk'), part]))
  let rest = ''
  for (const sk of wanted) {
    const part = texts.get(sk)
    // Each rewriting of the commit counts one up: parts of two of them do not belong together.
    if (part === undefined || (part['removed']?.N ?? '0') !== (item['removed']?.N ?? '0')) return undefined
    rest += textOf(part, 'events')
  }
  return rest
}
