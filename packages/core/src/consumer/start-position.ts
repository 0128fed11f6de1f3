import type { BackendAdapter } from '../adapter.ts'
import { asBackendError } from '../arguments.ts'
import { invalidArgument } from '../error.ts'
import { FEED_START, formatPosition, parseToken, type Position } from '../position.ts'
import type { ConsumerOptions } from './consumer-options.ts'
import { UNKNOWN_CHECK } from './group-checkpoint.ts'
import type { ConsumerBackend } from './run.ts'

/** Where a group that has no checkpoint begins in a partition: what is trimmed is no part of the start. */
export async function startPosition(
  { store, adapter }: Pick<ConsumerBackend, 'store' | 'adapter'>,
  options: ConsumerOptions,
  partition: number,
): Promise<Position> {
  const { startFrom } = options
  if (startFrom === 'end') return store.feedHead(partition)
  const start = formatPosition(store.incarnation, partition, FEED_START)
  if (startFrom === 'start')
    return store.capabilities.feedRetention === 'all' ? start : beforeFirstKept(store, adapter, partition)
  const positions = parseToken(startFrom, 'startFrom')
  if (positions.some(({ incarnation }) => incarnation !== store.incarnation)) {
    throw invalidArgument('startFrom', 'is a token of another store')
  }
  const given = positions.find((position) => position.partition === partition)
  return given === undefined ? start : formatPosition(given.incarnation, partition, given)
}

async function beforeFirstKept(
  { incarnation }: ConsumerBackend['store'],
  { store, log }: BackendAdapter,
  partition: number,
): Promise<Position> {
  try {
    const page = await (log ?? store)?.doReadFeed({ partition, after: 0, limit: 1 })
    const sequence = (page?.firstKept ?? 1) - 1
    // Nothing is known of the event before the first that is kept, and no reader asks for its check.
    const check = sequence === 0 ? '' : UNKNOWN_CHECK
    return formatPosition(incarnation, partition, { sequence, check })
  } catch (error) {
    throw asBackendError(error, 'read')
  }
}
