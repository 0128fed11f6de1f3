import { invalidArgument } from '../error.ts'
import { FEED_START, formatPosition, parseToken, type Position } from '../position.ts'
import type { WrappedEventStore } from '../wrapped-event-store.ts'
import type { ConsumerOptions } from './consumer-options.ts'

/** Where a group that has no checkpoint begins in a partition. */
export async function startPosition(
  store: WrappedEventStore,
  options: ConsumerOptions,
  partition: number,
): Promise<Position> {
  const { startFrom } = options
  if (startFrom === 'end') return store.feedHead(partition)
  const start = formatPosition(store.incarnation, partition, FEED_START)
  if (startFrom === 'start') return start
  const positions = parseToken(startFrom, 'startFrom')
  if (positions.some(({ incarnation }) => incarnation !== store.incarnation)) {
    throw invalidArgument('startFrom', 'is a token of another store')
  }
  const given = positions.find((position) => position.partition === partition)
  return given === undefined ? start : formatPosition(given.incarnation, partition, given)
}
