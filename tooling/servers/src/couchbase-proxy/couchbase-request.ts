import type { CouchbaseFrame } from './couchbase-frame.ts'
import { readFraming, type CouchbaseDurability } from './couchbase-framing.ts'
import type { RequestDelay } from '../request-proxy/delay.ts'
import { operationOf, type CouchbaseOperation } from './couchbase-operation.ts'

/** An operation on one document, as a client has sent it. */
export interface CouchbaseRequest {
  readonly operation: CouchbaseOperation
  readonly key: string
  readonly durability: CouchbaseDurability | undefined
  readonly preserveExpiry: boolean
  /** The whole request: paths and values are in it. */
  readonly bytes: Buffer
}

/** Of those sent from now on, the first that all of this is true of. */
export interface ChosenCouchbaseRequest {
  readonly operation?: CouchbaseOperation
  /** What its key begins with. */
  readonly key?: string
  /** What appears anywhere in it. A client may compress a value of 32 bytes or more. */
  readonly containing?: string
  /** The n-th instead. @defaultValue 1 */
  readonly nth?: number
}

/** What becomes of a request; what is not delivered is not executed. */
export type CouchbaseFate =
  /** It is executed, its reply is dropped, the connection is cut. */
  | 'lose-reply'
  /** It is executed and its reply is dropped; the connection goes on and the client waits in vain. */
  | 'drop-reply'
  /** It is not delivered, the connection is cut. */
  | 'lose-request'
  /** It is not delivered; the connection goes on and the client waits in vain. */
  | 'drop-request'
  /** It is delivered later, even if the client has gone by then; other requests overtake it. */
  | RequestDelay

/**
 * The request of a frame; `undefined` when it is about no document.
 *
 * @param hasCollections - Whether keys of this connection begin with the number of a collection.
 */
export function requestOf(frame: CouchbaseFrame, hasCollections: boolean): CouchbaseRequest | undefined {
  const operation = operationOf(frame.opcode)
  if (operation === undefined) return undefined
  const key = hasCollections ? withoutNumber(frame.key) : frame.key
  return { operation, key: key.toString(), bytes: frame.bytes, ...readFraming(frame.framing) }
}

/** Whether a choice is for this request. */
export function isChosen({
  operation,
  key,
  containing,
}: ChosenCouchbaseRequest): (request: CouchbaseRequest) => boolean {
  return (request) =>
    (operation === undefined || request.operation === operation) &&
    (key === undefined || request.key.startsWith(key)) &&
    (containing === undefined || request.bytes.includes(containing))
}

/** A number of 7 bits a byte; all of its bytes but the last have the highest bit set. */
function withoutNumber(key: Buffer): Buffer {
  const last = key.findIndex((byte) => byte < 0x80)
  return key.subarray(last + 1)
}
