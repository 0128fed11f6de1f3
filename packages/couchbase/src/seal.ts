import { specs as part } from './client.ts'
import type { Connection } from './connection.ts'
import type { FeedReader } from './feed-reader.ts'
import type { PageChain } from './page-chain.ts'

/**
 * Closes the last page of a partition with a mark that no page may follow, or takes the mark away. What was appended
 * before and is not decided is decided then: nothing comes into the feed behind it.
 */
export async function sealPartition(
  connection: Connection,
  chain: PageChain,
  reader: FeedReader,
  sealed: boolean,
): Promise<void> {
  for (;;) {
    await chain.recent()
    const page = await chain.last()
    const state = await chain.state(page)
    if (!sealed) {
      if (state?.sealed !== true) return
      await connection.mutate(chain.key(page), [part.remove('sealed')])
      return
    }
    if (state?.sealed === true) break
    if (state?.open === true) {
      const specs = [part.remove('open'), part.insert('sealed', 1)]
      if (typeof (await connection.mutate(chain.key(page), specs)) === 'object') break
    } else {
      // A closed page is not sealed itself: an append may be about to open the one behind it.
      await chain.follow(page)
    }
  }
  await reader.settleAll()
}
