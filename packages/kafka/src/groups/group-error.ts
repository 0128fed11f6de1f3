import { EventStoreError, type EventStoreErrorCode } from '@eventspine/core'
import { brokerAnswer, classifyError } from '../classify-error.ts'
import { TimeRanOut } from '../within.ts'

interface Verdict {
  readonly code: EventStoreErrorCode
  readonly message: string
  readonly retryable?: boolean
  readonly field?: string
}

const gone = { code: 'LEASE_LOST', message: 'the group goes on without this member' } as const

/**
 * What coordinators say to members of a group. None of it has written anything.
 *
 * @see https://kafka.apache.org/protocol#protocol_error_codes
 */
export const GROUP_ERRORS: Readonly<Record<string, Verdict>> = {
  ILLEGAL_GENERATION: gone,
  UNKNOWN_MEMBER_ID: gone,
  FENCED_INSTANCE_ID: gone,
  REBALANCE_IN_PROGRESS: { code: 'BUSY', message: 'the group is rebalancing', retryable: true },
  OFFSET_METADATA_TOO_LARGE: {
    code: 'LIMIT_EXCEEDED',
    message:
      "the checkpoint does not fit into an offset's metadata (offset.metadata.max.bytes of the brokers)",
  },
  INVALID_COMMIT_OFFSET_SIZE: { code: 'LIMIT_EXCEEDED', message: 'the checkpoint is too large' },
  INVALID_SESSION_TIMEOUT: {
    code: 'INVALID_ARGUMENT',
    message:
      'the option leaseMs lies outside of what the brokers allow (group.min.session.timeout.ms, 6,000 by default, to group.max.session.timeout.ms)',
    field: 'leaseMs',
  },
  INVALID_GROUP_ID: {
    code: 'INVALID_ARGUMENT',
    message: "the brokers refuse the group's name",
    field: 'group',
  },
  INCONSISTENT_GROUP_PROTOCOL: {
    code: 'STORE_INCOMPATIBLE',
    message: 'consumers that are not of Eventspine are in the group',
  },
  GROUP_MAX_SIZE_REACHED: { code: 'BUSY', message: 'the group has as many members as the brokers allow' },
}

/** Turns what the client threw in talking to a coordinator into a typed error. Never throws. */
export function classifyGroupError(cause: unknown, phase: 'read' | 'write'): EventStoreError {
  if (EventStoreError.is(cause)) return cause
  if (cause instanceof TimeRanOut) {
    const message = "kafka: the group's coordinator did not answer in time"
    return new EventStoreError('BACKEND_UNAVAILABLE', message, { retryable: true, cause })
  }
  const answer = brokerAnswer(cause)
  const verdict = answer === undefined ? undefined : GROUP_ERRORS[answer]
  if (verdict === undefined) return classifyError(cause, { phase, attempts: 1 })
  const { code, message, retryable = false, field } = verdict
  const options = { retryable, cause, ...(field === undefined ? {} : { field }) }
  return new EventStoreError(code, `kafka: ${message} (${answer})`, options)
}
