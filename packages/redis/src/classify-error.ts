import { EventStoreError, type EventStoreErrorCode } from '@eventspine/core'

/** What the client was doing when it failed. */
export interface FailureContext {
  /** The command changes something. */
  readonly writes: boolean
  /** It may have reached the server. */
  readonly sent: boolean
}

interface Verdict {
  readonly code: EventStoreErrorCode
  readonly retryable: boolean
  readonly message: string
  /** The server may have executed the command, or some of it. */
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

/**
 * The first word of what a server says. A refusal of a script's first write comes before anything is written.
 *
 * @see https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors
 * @see https://github.com/redis/redis/blob/7.0/src/server.c (createSharedObjects)
 */
export const SERVER_CODES: Readonly<Record<string, Verdict>> = {
  NOAUTH: final('ACCESS_DENIED', 'the server wants a password'),
  WRONGPASS: final('ACCESS_DENIED', 'the server refused the user or the password'),
  NOPERM: final('ACCESS_DENIED', 'the user lacks a permission'),
  OOM: again('BACKEND_UNAVAILABLE', 'the server is at its maxmemory'),
  READONLY: again('BACKEND_UNAVAILABLE', 'the server is a replica, or became one'),
  LOADING: again('BACKEND_UNAVAILABLE', 'the server is loading its data'),
  MASTERDOWN: again('BACKEND_UNAVAILABLE', 'the server has lost its master'),
  NOREPLICAS: again('BACKEND_UNAVAILABLE', 'the server has fewer replicas than min-replicas-to-write'),
  MISCONF: again('BACKEND_UNAVAILABLE', 'the server cannot write to its disk'),
  CLUSTERDOWN: again('BACKEND_UNAVAILABLE', 'the cluster is down'),
  TRYAGAIN: again('BACKEND_UNAVAILABLE', 'the cluster is moving the slot'),
  MOVED: final('BACKEND_FAILED', 'the server is part of a cluster: give a Cluster of ioredis'),
  ASK: again('BACKEND_UNAVAILABLE', 'the cluster is moving the slot'),
  CROSSSLOT: final('BACKEND_FAILED', 'the keys of one call are not in one slot'),
  BUSY: again('BUSY', 'the server is running a script'),
  NOSCRIPT: final('BACKEND_FAILED', 'the server does not keep scripts'),
  NOPROTO: final('BACKEND_FAILED', 'the server does not speak this version of the protocol'),
  WRONGTYPE: { ...final('BACKEND_FAILED', 'something else writes to the keys of the store'), lost: true },
}

/** What has no code of its own, by the beginning of its words. */
export const MESSAGES: readonly (readonly [start: string, verdict: Verdict])[] = [
  ['ERR max number of clients reached', again('BACKEND_UNAVAILABLE', 'the server takes no more clients')],
  [
    'ERR ACL failure in script',
    { ...final('ACCESS_DENIED', 'the user lacks a permission that a script needs'), lost: true },
  ],
  [
    'ERR unknown command',
    final('NOT_SUPPORTED', 'the server lacks a command: it has to be Redis 6.2 or newer'),
  ],
  ['ERR invalid DB index', final('STORE_MISSING', 'the server has no database of this number')],
  ['ERR DB index is out of range', final('STORE_MISSING', 'the server has no database of this number')],
  ['ERR invalid password', final('ACCESS_DENIED', 'the server refused the user or the password')],
  ["Stream isn't writeable", again('BACKEND_UNAVAILABLE', 'the client is not connected')],
  ["Cluster isn't ready", again('BACKEND_UNAVAILABLE', 'the client is not connected')],
  ['Failed to refresh slots cache', again('BACKEND_UNAVAILABLE', 'no server of the cluster can be reached')],
  ['Cluster is ended', again('BACKEND_UNAVAILABLE', 'the client has been ended')],
  ['None of startup nodes', again('BACKEND_UNAVAILABLE', 'no server of the cluster can be reached')],
  ['Command timed out', lost("the client's commandTimeout ran out")],
  ['Connection is closed', lost('the connection was lost')],
  ['Command aborted due to connection close', lost('the connection was lost')],
  ['Reached the max retries per request limit', lost('the connection was lost and did not come back')],
  ['Too many Cluster redirections', lost('the cluster sent the command from server to server')],
  ['Socket timeout', lost('the server did not answer in time')],
]

/** Of Node's own error codes only the form counts: all of them mean that the connection is not there. */
const SYSTEM_CODE = /^(E[A-Z]{2,}|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_|ERR_SSL_)/

/**
 * Turns whatever a client threw into a typed error. Never throws. The server's own words stay in the `cause`.
 */
export function classifyError(cause: unknown, context: FailureContext): EventStoreError {
  if (EventStoreError.is(cause)) return cause
  const { verdict, detail } = judge(cause, context)
  const message = `redis: ${verdict.message}${detail === undefined ? '' : ` (${detail})`}`
  if (verdict.lost === true && context.writes && context.sent) {
    const code = verdict.retryable ? 'OUTCOME_UNKNOWN' : verdict.code
    return new EventStoreError(code, `${message} while a write was under way`, {
      outcome: 'unknown',
      retryable: verdict.retryable,
      cause,
    })
  }
  return new EventStoreError(verdict.code, message, { retryable: verdict.retryable, cause })
}

/** The server does not know the script of this hash. */
export function isUnknownScript(cause: unknown): boolean {
  return cause instanceof Error && cause.message.startsWith('NOSCRIPT')
}

function judge(
  cause: unknown,
  { sent }: FailureContext,
): { readonly verdict: Verdict; readonly detail: string | undefined } {
  const text = property(cause, 'message') ?? ''
  const said = MESSAGES.find(([start]) => text.startsWith(start))
  if (said !== undefined) return { verdict: said[1], detail: undefined }
  const word = /^[A-Z]+(?= |$)/.exec(text)?.[0]
  const known = word === undefined || !Object.hasOwn(SERVER_CODES, word) ? undefined : SERVER_CODES[word]
  if (known !== undefined) return { verdict: known, detail: word }
  const code = property(cause, 'code')
  if (code !== undefined && SYSTEM_CODE.test(code)) {
    const verdict = sent
      ? lost('the connection was lost')
      : again('BACKEND_UNAVAILABLE', 'the server cannot be reached')
    return { verdict, detail: code }
  }
  if (word !== undefined) {
    // A script that fails on the way has written what came before.
    return {
      verdict: { ...final('BACKEND_FAILED', 'the server reported an error'), lost: true },
      detail: word,
    }
  }
  // Unheard of: for a write it cannot be ruled out that it was executed.
  return {
    verdict: { ...final('BACKEND_FAILED', 'the client failed with an unknown error'), lost: true },
    detail: undefined,
  }
}

function property(cause: unknown, name: 'code' | 'message'): string | undefined {
  if (typeof cause !== 'object' || cause === null || !(name in cause)) return undefined
  const value: unknown = Reflect.get(cause, name)
  return typeof value === 'string' ? value : undefined
}
