import type { Decisions } from './decisions.ts'
import type { FeedWriter } from './feed-writer.ts'
import type { PageChain } from './page-chain.ts'

/** What is kept in memory of one partition. */
export interface Partition {
  readonly number: number
  readonly chain: PageChain
  readonly writer: FeedWriter
  readonly decisions: Decisions
  /** An append of this process reached `sequence`. */
  readonly committed: (sequence: number) => void
}
