import type { Trial } from './trial.ts'
import { duplicateCreate } from './trials/duplicate-create.ts'
import { enclosingTransaction } from './trials/enclosing-transaction.ts'
import { killedConsumer } from './trials/killed-consumer.ts'
import { memoryAgainstStore } from './trials/memory-against-store.ts'
import { poisonMessage } from './trials/poison-message.ts'
import { racers } from './trials/racers.ts'
import { slowTransaction } from './trials/slow-transaction.ts'
import { versionGap } from './trials/version-gap.ts'

/** All trials of the league, in the order in which they are told. */
export const trials: readonly Trial[] = [
  duplicateCreate,
  racers,
  versionGap,
  slowTransaction,
  enclosingTransaction,
  killedConsumer,
  poisonMessage,
  memoryAgainstStore,
]
