import type { EncodedDocumentWrite } from './adapter.ts'
import { checkInteger, checkLimit } from './arguments.ts'
import type { Capabilities } from './capabilities.ts'
import { Distinct } from './distinct.ts'
import type { DocumentWrite, RevisionExpectation } from './document-store.ts'
import { invalidArgument, notSupported } from './error.ts'
import { encodeJson } from './json.ts'
import { partitionOf } from './partition.ts'
import { checkName } from './stream-id.ts'

const MAX_COLLECTION_BYTES = 100

/** @throws {@link EventStoreError} `INVALID_ARGUMENT` naming `field`. */
export function checkCollection(name: unknown, field: string): asserts name is string {
  checkName(name, field, MAX_COLLECTION_BYTES)
}

export function checkKey(key: unknown, field: string, capabilities: Capabilities): asserts key is string {
  checkName(key, field, capabilities.maxKeyBytes)
}

/** The partition of an address: as given, or by the key. */
export function partitionOfKey(
  key: string,
  partition: number | undefined,
  partitions: number,
  field: string,
): number {
  if (partition === undefined) return partitionOf(key, partitions)
  checkInteger(partition, `${field}partition`, 0, partitions - 1)
  return partition
}

/** Checks writes against the manifest and encodes them: all before any I/O. */
export function encodeDocumentWrites(
  writes: readonly DocumentWrite[],
  partitions: number,
  capabilities: Capabilities,
  field: string,
): readonly EncodedDocumentWrite[] {
  if (!Array.isArray(writes)) throw invalidArgument(field, 'must be an array')
  checkLimit(writes.length, capabilities.maxBatchDocuments, field, 'documents')
  const addresses = new Distinct()
  return writes.map((write: DocumentWrite, index) => {
    // A lone put or delete is a batch of one: its caller knows the fields without an index.
    const lone = field === 'writes' && writes.length === 1
    const encoded = encodeWrite(write, partitions, capabilities, lone ? '' : `${field}[${index}].`)
    const address = JSON.stringify([encoded.collection, encoded.partition, encoded.key])
    if (!addresses.add(address)) throw invalidArgument(`${field}[${index}].key`, 'is written twice')
    return encoded
  })
}

function encodeWrite(
  write: DocumentWrite,
  partitions: number,
  capabilities: Capabilities,
  field: string,
): EncodedDocumentWrite {
  const { collection, key, expectedRevision, expiresInMs, listed } = write
  checkCollection(collection, `${field}collection`)
  checkKey(key, `${field}key`, capabilities)
  checkExpectation(expectedRevision, `${field}expectedRevision`)
  if (expiresInMs !== undefined) {
    if (!capabilities.expiry) throw notSupported('documents do not expire on this backend')
    checkInteger(expiresInMs, `${field}expiresInMs`, 1, Number.MAX_SAFE_INTEGER / 2)
  }
  const value = write.value === undefined ? undefined : encodeJson(write.value, `${field}value`)
  if (value !== undefined && value.length * 3 > capabilities.maxDocumentBytes) {
    checkLimit(Buffer.byteLength(value), capabilities.maxDocumentBytes, `${field}value`, 'bytes')
  }
  const partition = partitionOfKey(key, write.partition, partitions, field)
  return { collection, partition, key, value, expectedRevision, expiresInMs, listed }
}

function checkExpectation(expected: RevisionExpectation, field: string): void {
  if (expected === 'any' || expected === 'none') return
  if (typeof expected === 'object' && expected !== null && typeof expected.revision === 'string') return
  throw invalidArgument(field, "must be 'any', 'none' or { revision }")
}
