import { EventStoreError, type EventStoreErrorCode } from '@eventspine/core'

/** What a driver was doing when it failed. */
export interface FailureContext {
  /** `connect`: no statement had been sent. */
  readonly phase: 'connect' | 'run'
  /** The statement could have been committed by itself: within a transaction only the commit can. */
  readonly writes: boolean
}

interface Verdict {
  readonly code: EventStoreErrorCode
  readonly retryable: boolean
  readonly message: string
  /** The server may have executed the statement, and nobody knows. */
  readonly lost?: boolean
}

const again = (code: EventStoreErrorCode, message: string): Verdict => ({ code, retryable: true, message })
const final = (code: EventStoreErrorCode, message: string): Verdict => ({ code, retryable: false, message })
const lost = (message: string): Verdict => ({
  code: 'BACKEND_UNAVAILABLE',
  retryable: true,
  message,
  lost: true,
})

const noSchema = 'the schema holds no store of this version: run createSchema() or open with create: true'
const noPrepared =
  'a prepared statement is not on this connection: behind PgBouncer in transaction mode open with preparedStatements: false'

/**
 * SQLSTATEs, by code or by class (their first two characters).
 *
 * @see https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
export const SQLSTATES: Readonly<Record<string, Verdict>> = {
  '08': lost('the connection was lost'),
  '08001': again('BACKEND_UNAVAILABLE', 'the server cannot be reached'),
  '08004': again('BACKEND_UNAVAILABLE', 'the server rejected the connection'),
  '08P01': final('BACKEND_FAILED', 'the server and the driver disagree about the protocol'),
  '0A': final('NOT_SUPPORTED', 'the server does not support this'),
  '0A000': again(
    'BACKEND_FAILED',
    'the server does not support this, or the tables changed under a prepared statement',
  ),
  '22': final('BACKEND_FAILED', 'the server refused a value'),
  '22P05': final('STORE_INCOMPATIBLE', "the database's encoding cannot hold the text: it has to be UTF8"),
  '23': final(
    'BACKEND_FAILED',
    'a constraint of the store was violated: something else writes to its tables',
  ),
  '25': final('BACKEND_FAILED', 'the transaction is in a state in which this cannot be done'),
  '25006': again('BACKEND_UNAVAILABLE', 'the server or the transaction is read-only'),
  '25P02': final('BACKEND_FAILED', 'the transaction has failed before and can only be rolled back'),
  '25P03': lost('the server ended a transaction that was idle for too long'),
  '25P04': lost('the server ended a transaction that took too long'),
  '26': final('BACKEND_FAILED', noPrepared),
  '28': final('ACCESS_DENIED', 'the server refused the user or the password'),
  '3D': final('STORE_MISSING', 'the database does not exist'),
  '3F': final('STORE_MISSING', noSchema),
  '40': again('BUSY', 'the server rolled back in favour of another transaction'),
  '40001': again('BUSY', 'another transaction changed the same rows'),
  '40003': lost('the server does not know whether the statement was completed'),
  '40P01': again('BUSY', 'a deadlock with another transaction'),
  '42': final('BACKEND_FAILED', 'the server did not understand a statement'),
  '42501': final('ACCESS_DENIED', 'the user lacks a privilege'),
  '42883': final('STORE_MISSING', noSchema),
  '42P01': final('STORE_MISSING', noSchema),
  '42P05': final('BACKEND_FAILED', noPrepared),
  '53': again('BACKEND_UNAVAILABLE', 'the server lacks resources'),
  '53100': again('BACKEND_UNAVAILABLE', "the server's disk is full"),
  '53200': again('BACKEND_UNAVAILABLE', 'the server is out of memory'),
  '53300': again('BACKEND_UNAVAILABLE', 'the server has no connection left'),
  '54': final('LIMIT_EXCEEDED', 'a limit of the server was exceeded'),
  '55': final('BACKEND_FAILED', 'the server is not in a state in which this can be done'),
  '55P03': again('BUSY', 'waited too long for another transaction'),
  '57': lost('an operator intervened'),
  '57014': again('BUSY', 'the server cancelled the statement, by its timeout or on request'),
  '57P01': lost('the server is shutting down, or the connection was terminated'),
  '57P02': lost('the server crashed'),
  '57P03': again('BACKEND_UNAVAILABLE', 'the server is starting up or shutting down'),
  '57P04': lost('the database was dropped'),
  '58': final('BACKEND_FAILED', 'the server met an error of its system'),
  F0: final('BACKEND_FAILED', "the server's configuration is broken"),
  P0: final('BACKEND_FAILED', 'a function of the store failed'),
  XX: final('BACKEND_FAILED', 'the server met an internal error'),
}

/** What drivers say in words only. */
export const DRIVER_MESSAGES: readonly (readonly [start: string, verdict: Verdict])[] = [
  [
    'timeout exceeded when trying to connect',
    again('BUSY', 'the pool had no connection to give in its time'),
  ],
  ['Cannot use a pool after calling end', final('CLOSED', 'the pool has been ended')],
  ['Client was closed and is not queryable', final('CLOSED', 'the client has been ended')],
  ['Client has encountered a connection error', lost('the connection was lost')],
  ['Connection terminated', lost('the connection was lost')],
  ['Query read timeout', lost("the driver's query_timeout ran out")],
  ['SASL', final('ACCESS_DENIED', 'the user or the password is missing or does not fit')],
  ['PGlite is clos', final('CLOSED', 'PGlite is closed')],
  ['Transaction is closed', final('CLOSED', 'the transaction has ended')],
]

/** Of Node's own error codes only the form counts: all of them mean that the connection is not there. */
const SYSTEM_CODE = /^(E[A-Z]{2,}|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_|ERR_SSL_)/
const SQLSTATE = /^[0-9A-Z]{5}$/

/** The SQLSTATE of a driver's error. */
export function sqlState(cause: unknown): string | undefined {
  const code = property(cause, 'code')
  // Node has codes of five capitals too (EPIPE), the server's errors always a severity.
  return code !== undefined && SQLSTATE.test(code) && property(cause, 'severity') !== undefined
    ? code
    : undefined
}

/**
 * Turns whatever a driver threw into a typed error. Never throws. The server's own words stay in the `cause`:
 * they may quote values.
 */
export function classifyError(cause: unknown, context: FailureContext): EventStoreError {
  if (EventStoreError.is(cause)) return cause
  const state = sqlState(cause)
  const { verdict, detail } = state === undefined ? byDriver(cause, context) : bySqlState(cause, state)
  const message = `postgres: ${verdict.message}${detail === undefined ? '' : ` (${detail})`}`
  if (verdict.lost === true && context.phase === 'run' && context.writes) {
    const code = verdict.retryable ? 'OUTCOME_UNKNOWN' : verdict.code
    const { retryable } = verdict
    return new EventStoreError(code, `${message} while a write was under way`, {
      outcome: 'unknown',
      retryable,
      cause,
    })
  }
  return new EventStoreError(verdict.code, message, { retryable: verdict.retryable, cause })
}

function bySqlState(cause: unknown, state: string): { readonly verdict: Verdict; readonly detail: string } {
  const known = SQLSTATES[state] ?? SQLSTATES[state.slice(0, 2)]
  if (known !== undefined) return { verdict: known, detail: state }
  const severity = property(cause, 'severity')
  const fatal = severity === 'FATAL' || severity === 'PANIC'
  return {
    verdict: fatal
      ? lost('the server ended the connection')
      : final('BACKEND_FAILED', 'the server reported an error'),
    detail: state,
  }
}

function byDriver(
  cause: unknown,
  { phase }: FailureContext,
): { readonly verdict: Verdict; readonly detail: string | undefined } {
  const text = property(cause, 'message') ?? ''
  const said = DRIVER_MESSAGES.find(([start]) => text.startsWith(start))
  if (said !== undefined) return { verdict: said[1], detail: undefined }
  const code = property(cause, 'code')
  if (phase === 'connect')
    return { verdict: again('BACKEND_UNAVAILABLE', 'the server cannot be reached'), detail: code }
  if (code !== undefined && SYSTEM_CODE.test(code))
    return { verdict: lost('the connection was lost'), detail: code }
  // Unheard of: for a write it cannot be ruled out that it was executed.
  return {
    verdict: { ...final('BACKEND_FAILED', 'the driver failed with an unknown error'), lost: true },
    detail: undefined,
  }
}

function property(cause: unknown, name: 'code' | 'message' | 'severity'): string | undefined {
  if (typeof cause !== 'object' || cause === null || !(name in cause)) return undefined
  const value: unknown = Reflect.get(cause, name)
  return typeof value === 'string' ? value : undefined
}
