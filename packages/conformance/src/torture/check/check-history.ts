import type {
  CheckpointSeen,
  ConsumerChange,
  FeedSeen,
  Handling,
  HistoryRecord,
  Invoked,
  StreamWasRead,
} from '../history.ts'
import { numberLog } from '../number-log.ts'
import type { StoreContents } from '../store-contents.ts'
import { checkAppends, checkRealTime } from './check-appends.ts'
import { checkCallOrder } from './check-call-order.ts'
import { checkConsumers, type CheckedGroup } from './check-consumers.ts'
import { checkFeedReaders } from './check-feed.ts'
import { checkStore } from './check-store.ts'
import { operationsOf } from './operations.ts'
import { Violations, type Violation } from './violation.ts'

/** A history to check: what all processes wrote down, and what the store holds now that nobody writes. */
export interface CheckedHistory {
  /** Records of one process stand in their order; processes may follow one another in any. */
  readonly records: readonly HistoryRecord[]
  readonly contents: StoreContents
  readonly groups: readonly CheckedGroup[]
}

/**
 * Holds a history against the laws: what was acknowledged is there once, at its version and position; what was
 * refused is not; what nobody knows is there whole or not at all; readers and consumers missed nothing, and saw
 * it in order; checkpoints were earned; counted effects are the fold of the events.
 */
export function checkHistory(history: CheckedHistory): readonly Violation[] {
  const { groups } = history
  const { records, contents } =
    history.contents.isLog === true ? numberLog(history.records, history.contents) : history
  const violations = new Violations()
  const operations = operationsOf(records)
  const places = checkStore(contents, violations)
  checkAppends(operations, places, contents, violations)
  if (contents.isLog === true) checkCallOrder(records.filter(isInvoked), places, violations)
  checkRealTime(operations, records.filter(isRead), violations)
  checkFeedReaders(records.filter(isSeen), contents, violations)
  const handlings = records.filter(isHandling).sort((a, b) => a.atUs - b.atUs)
  const changes = records.filter(isChange)
  const checkpoints = records.filter(isCheckpoint)
  for (const group of groups) {
    for (let partition = 0; partition < contents.feed.length; partition++) {
      const belongs = (record: Handling | ConsumerChange | CheckpointSeen): boolean =>
        record.group === group.group && record.partition === partition
      checkConsumers(
        {
          group,
          partition,
          handlings: handlings.filter(belongs),
          changes: changes.filter(belongs),
          checkpoints: checkpoints.filter(belongs),
        },
        contents,
        violations,
      )
    }
  }
  for (const record of records) {
    if (record.kind === 'defect') violations.add('defect', `${record.process}: ${record.what}`)
  }
  return violations.found
}

function isInvoked(record: HistoryRecord): record is Invoked {
  return record.kind === 'invoke'
}

function isRead(record: HistoryRecord): record is StreamWasRead {
  return record.kind === 'read'
}

function isSeen(record: HistoryRecord): record is FeedSeen {
  return record.kind === 'seen'
}

function isHandling(record: HistoryRecord): record is Handling {
  return record.kind === 'handling' || record.kind === 'handled' || record.kind === 'threw'
}

function isChange(record: HistoryRecord): record is ConsumerChange {
  return record.kind === 'owned' || record.kind === 'lease-lost' || record.kind === 'interrupted'
}

function isCheckpoint(record: HistoryRecord): record is CheckpointSeen {
  return record.kind === 'checkpoint'
}
