/** Operations on documents, by the names that the vendor's clients give them. */
const opcodes = {
  get: 0x00,
  upsert: 0x01,
  insert: 0x02,
  replace: 0x03,
  remove: 0x04,
  increment: 0x05,
  decrement: 0x06,
  append: 0x0e,
  prepend: 0x0f,
  touch: 0x1c,
  getAndTouch: 0x1d,
  getReplica: 0x83,
  observeSequence: 0x91,
  observe: 0x92,
  getAndLock: 0x94,
  unlock: 0x95,
  exists: 0xa0,
  lookupIn: 0xd0,
  mutateIn: 0xd1,
} as const

/** An operation on one document. https://github.com/couchbase/kv_engine/blob/master/docs/BinaryProtocol.md#command-opcodes */
export type CouchbaseOperation = keyof typeof opcodes

// The keys of the table above are its operations.
const operations: ReadonlyMap<number, CouchbaseOperation> = new Map(
  Object.entries(opcodes).map(([name, code]) => [code, name as CouchbaseOperation]),
)

const mutations: ReadonlySet<CouchbaseOperation> = new Set([
  'upsert',
  'insert',
  'replace',
  'remove',
  'increment',
  'decrement',
  'append',
  'prepend',
  'mutateIn',
])

/** The operation of an opcode; `undefined` for what is about the connection or the cluster. */
export function operationOf(opcode: number): CouchbaseOperation | undefined {
  return operations.get(opcode)
}

/** Whether it can be sent with a durability level. */
export function isMutation(operation: CouchbaseOperation): boolean {
  return mutations.has(operation)
}
