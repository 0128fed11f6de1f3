import { EventStoreError, type EventStoreErrorCode } from '@eventspine/core'

/** What the client was doing when it failed. */
export interface FailureContext {
  /** `write`: records or a commit were to be sent. `read`: anything that changes nothing. */
  readonly phase: 'write' | 'read'
  /**
   * How often records may have left: 0 when it failed before; 1 when the answer is to the first attempt, so that
   * a refusal is the whole truth. Default: unknown.
   */
  readonly attempts?: number | undefined
  /** Partitions that were written to at once: the answer is one partition's. Default 1. */
  readonly partitions?: number | undefined
}

interface Verdict {
  readonly code: EventStoreErrorCode
  readonly retryable: boolean
  readonly message: string
  /** A broker that says so has not written the partition's records. */
  readonly refused?: boolean
}

const again = (code: EventStoreErrorCode, message: string): Verdict => ({ code, retryable: true, message })
const final = (code: EventStoreErrorCode, message: string): Verdict => ({ code, retryable: false, message })
const refused = (code: EventStoreErrorCode, message: string): Verdict => ({
  ...final(code, message),
  refused: true,
})

const gone = again('BACKEND_UNAVAILABLE', 'the connection to a broker was lost')
const denied = refused('ACCESS_DENIED', 'the principal lacks a right')
const busy = again('BACKEND_UNAVAILABLE', 'the brokers are electing a leader or a coordinator')

/**
 * What brokers answer, by the name that kafkajs gives it.
 *
 * @see https://kafka.apache.org/protocol#protocol_error_codes
 */
export const PROTOCOL_ERRORS: Readonly<Record<string, Verdict>> = {
  OFFSET_OUT_OF_RANGE: final('POSITION_EXPIRED', 'the log does not hold the offset'),
  CORRUPT_MESSAGE: again('BACKEND_FAILED', 'a record arrived damaged'),
  UNKNOWN_TOPIC_OR_PARTITION: final('STORE_MISSING', 'the topic or partition does not exist'),
  INVALID_TOPIC_EXCEPTION: final('STORE_MISSING', 'the topic cannot exist'),
  LEADER_NOT_AVAILABLE: busy,
  NOT_LEADER_FOR_PARTITION: busy,
  REPLICA_NOT_AVAILABLE: busy,
  BROKER_NOT_AVAILABLE: busy,
  FENCED_LEADER_EPOCH: busy,
  UNKNOWN_LEADER_EPOCH: busy,
  NOT_CONTROLLER: busy,
  GROUP_LOAD_IN_PROGRESS: busy,
  GROUP_COORDINATOR_NOT_AVAILABLE: busy,
  NOT_COORDINATOR_FOR_GROUP: busy,
  OFFSET_NOT_AVAILABLE: busy,
  KAFKA_STORAGE_ERROR: again('BACKEND_UNAVAILABLE', "a broker's disk fails"),
  NETWORK_EXCEPTION: gone,
  REQUEST_TIMED_OUT: again('BACKEND_UNAVAILABLE', 'the brokers did not answer each other in time'),
  NOT_ENOUGH_REPLICAS: again('BACKEND_UNAVAILABLE', 'fewer replicas are in sync than min.insync.replicas'),
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: again(
    'BACKEND_UNAVAILABLE',
    'written, but to fewer replicas than min.insync.replicas',
  ),
  MESSAGE_TOO_LARGE: refused('LIMIT_EXCEEDED', "a batch is larger than the topic's max.message.bytes"),
  RECORD_LIST_TOO_LARGE: refused('LIMIT_EXCEEDED', "a batch is larger than the broker's segments"),
  INVALID_RECORD: refused('BACKEND_FAILED', 'the broker refused a record'),
  INVALID_TIMESTAMP: refused('BACKEND_FAILED', "a record's time is outside of what the topic takes"),
  UNSUPPORTED_FOR_MESSAGE_FORMAT: refused('NOT_SUPPORTED', "the topic's message format is too old"),
  UNSUPPORTED_COMPRESSION_TYPE: refused('NOT_SUPPORTED', 'the broker does not know the compression'),
  TOPIC_AUTHORIZATION_FAILED: denied,
  GROUP_AUTHORIZATION_FAILED: denied,
  CLUSTER_AUTHORIZATION_FAILED: denied,
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: denied,
  DELEGATION_TOKEN_AUTHORIZATION_FAILED: denied,
  SASL_AUTHENTICATION_FAILED: refused('ACCESS_DENIED', 'the brokers refused the credentials'),
  ILLEGAL_SASL_STATE: refused('ACCESS_DENIED', 'the brokers expect another authentication'),
  UNSUPPORTED_SASL_MECHANISM: refused('ACCESS_DENIED', 'the brokers do not offer this SASL mechanism'),
  SECURITY_DISABLED: refused('ACCESS_DENIED', 'the brokers have no authorizer'),
  INVALID_PRODUCER_EPOCH: refused('LEASE_LOST', 'another producer with the same transactional id took over'),
  TRANSACTION_COORDINATOR_FENCED: busy,
  OUT_OF_ORDER_SEQUENCE_NUMBER: final('BACKEND_FAILED', 'the broker lost track of the producer'),
  DUPLICATE_SEQUENCE_NUMBER: final('BACKEND_FAILED', 'the broker has had these records before'),
  UNKNOWN_PRODUCER_ID: again('BACKEND_FAILED', 'the broker has forgotten the producer'),
  INVALID_PRODUCER_ID_MAPPING: again('BACKEND_FAILED', 'the broker has forgotten the transactional id'),
  INVALID_TXN_STATE: final('BACKEND_FAILED', 'the transaction is in another state'),
  INVALID_TRANSACTION_TIMEOUT: refused(
    'BACKEND_FAILED',
    "the transaction's timeout is beyond the broker's limit",
  ),
  UNSUPPORTED_VERSION: refused('NOT_SUPPORTED', 'the broker does not support a request'),
  POLICY_VIOLATION: refused('BACKEND_FAILED', "the request violates the cluster's policy"),
  TOPIC_ALREADY_EXISTS: refused('BACKEND_FAILED', 'the topic exists'),
  INVALID_PARTITIONS: refused('INVALID_ARGUMENT', 'the brokers refused the number of partitions'),
  INVALID_REPLICATION_FACTOR: refused('INVALID_ARGUMENT', 'there are fewer brokers than replicas asked for'),
  INVALID_CONFIG: refused('INVALID_ARGUMENT', 'the brokers refused a setting of the topic'),
}

/**
 * What kafkajs says by the name of the error, with or without an answer.
 *
 * @see https://github.com/tulios/kafkajs/blob/master/src/errors.js
 */
export const CLIENT_ERRORS: Readonly<Record<string, Verdict>> = {
  KafkaJSConnectionError: again('BACKEND_UNAVAILABLE', 'a broker cannot be reached'),
  KafkaJSConnectionClosedError: gone,
  KafkaJSRequestTimeoutError: again(
    'BACKEND_UNAVAILABLE',
    "a broker did not answer in the client's requestTimeout",
  ),
  KafkaJSBrokerNotFound: again('BACKEND_UNAVAILABLE', 'a broker is missing'),
  KafkaJSNoBrokerAvailableError: again('BACKEND_UNAVAILABLE', 'no broker is available'),
  KafkaJSMetadataNotLoaded: again('BACKEND_UNAVAILABLE', 'the brokers gave no metadata'),
  KafkaJSTopicMetadataNotLoaded: again('BACKEND_UNAVAILABLE', 'the brokers gave no metadata of the topic'),
  KafkaJSStaleTopicMetadataAssignment: again('BACKEND_UNAVAILABLE', 'the topic was changed'),
  KafkaJSGroupCoordinatorNotFound: busy,
  KafkaJSTimeout: again('BACKEND_UNAVAILABLE', 'the client waited too long'),
  KafkaJSLockTimeout: again('BACKEND_UNAVAILABLE', 'the client waited too long for its own lock'),
  KafkaJSSASLAuthenticationError: refused('ACCESS_DENIED', 'the brokers refused the credentials'),
  KafkaJSNotImplemented: refused('NOT_SUPPORTED', 'the client lacks a codec or a feature'),
  KafkaJSServerDoesNotSupportApiKey: refused('NOT_SUPPORTED', 'the broker does not support a request'),
  KafkaJSUnsupportedMagicByteInMessageSet: final('NOT_SUPPORTED', 'the topic has records of an old format'),
  KafkaJSPartialMessageError: again('BACKEND_FAILED', 'an answer was cut off'),
  KafkaJSInvariantViolation: final('BACKEND_FAILED', 'the client met a defect of its own'),
  KafkaJSAggregateError: final('BACKEND_FAILED', 'several requests failed'),
}

// kafkajs knows codes up to 88 and puts the others in words; 90 is PRODUCER_FENCED, which newer brokers may use.
const FENCED_IN_WORDS = 'Unknown error code 90'

const unheardOf = final('BACKEND_FAILED', 'the client failed with an unknown error')

/** Turns whatever the client threw into a typed error. Never throws. Its own words stay in the `cause`. */
export function classifyError(cause: unknown, context: FailureContext): EventStoreError {
  if (EventStoreError.is(cause)) return cause
  const { verdict, detail } = verdictOn(cause)
  const { phase, attempts, partitions = 1 } = context
  const message = `kafka: ${verdict.message}${detail === undefined ? '' : ` (${detail})`}`
  const { retryable } = verdict
  if (phase === 'read' || attempts === 0)
    return new EventStoreError(verdict.code, message, { retryable, cause })
  // The answer of one partition says nothing of the others, and that of a repeat nothing of the first attempt; only
  // what would have been refused then as well is sure.
  const certain = verdict.refused === true && partitions === 1 && (attempts === 1 || ALWAYS.has(detail ?? ''))
  if (certain) return new EventStoreError(verdict.code, message, { retryable, cause })
  const code = verdict.code === 'BACKEND_UNAVAILABLE' ? 'OUTCOME_UNKNOWN' : verdict.code
  return new EventStoreError(code, `${message} while a write was under way`, {
    outcome: 'unknown',
    retryable,
    cause,
  })
}

/** Answers that do not change from one attempt to the next. */
const ALWAYS: ReadonlySet<string> = new Set([
  'MESSAGE_TOO_LARGE',
  'INVALID_RECORD',
  'INVALID_PRODUCER_EPOCH',
  'PRODUCER_FENCED',
  'KafkaJSNotImplemented',
])

/** The broker's answer anywhere in the chain of causes; kafkajs wraps it when it has tried often enough. */
function verdictOn(cause: unknown): { readonly verdict: Verdict; readonly detail: string | undefined } {
  let named: { readonly verdict: Verdict; readonly detail: string } | undefined
  let error = cause
  for (let depth = 0; depth < 8 && typeof error === 'object' && error !== null; depth++) {
    const type = text(error, 'type')
    const answer = type === undefined ? undefined : PROTOCOL_ERRORS[type]
    if (answer !== undefined) return { verdict: answer, detail: type }
    if (text(error, 'message')?.startsWith(FENCED_IN_WORDS) === true)
      return { verdict: PROTOCOL_ERRORS['INVALID_PRODUCER_EPOCH'] ?? unheardOf, detail: 'PRODUCER_FENCED' }
    const name = text(error, 'name') ?? ''
    const said = CLIENT_ERRORS[name]
    if (said !== undefined) named ??= { verdict: said, detail: name }
    if (type !== undefined)
      named ??= { verdict: { ...unheardOf, message: 'the broker refused a request' }, detail: type }
    error = Reflect.get(error, 'cause')
  }
  return named ?? { verdict: unheardOf, detail: undefined }
}

function text(error: object, name: 'type' | 'name' | 'message'): string | undefined {
  const value: unknown = Reflect.get(error, name)
  return typeof value === 'string' ? value : undefined
}

/** What the brokers answered, if they did. */
export function brokerAnswer(cause: unknown): string | undefined {
  return verdictOn(EventStoreError.is(cause) ? cause.cause : cause).detail
}
