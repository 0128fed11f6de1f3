import type { Capabilities } from '@eventspine/core'
import { table } from './table.ts'

interface Manifest {
  readonly title: string
  readonly capabilities: Capabilities
}

// Adapters keep their manifests in a file of this name; they are no part of what the packages export.
const FILES = {
  memory: ['Memory', 'packages/memory/src/capabilities.ts', 'capabilities'],
  postgres: ['PostgreSQL', 'packages/postgres/src/capabilities.ts', 'capabilities'],
  pglite: ['PGlite', 'packages/postgres/src/capabilities.ts', 'pgliteCapabilities'],
  redis: ['Redis', 'packages/redis/src/capabilities.ts', 'capabilities'],
  'redis-stream': ['Redis stream', 'packages/redis/src/stream/stream-capabilities.ts', 'streamCapabilities'],
  couchbase: ['Couchbase', 'packages/couchbase/src/capabilities.ts', 'capabilities'],
  dynamodb: ['DynamoDB', 'packages/dynamodb/src/capabilities.ts', 'capabilities'],
  kafka: ['Kafka', 'packages/kafka/src/capabilities.ts', 'capabilities'],
} as const

const manifests = new Map<string, Manifest>()
for (const [name, [title, path, key]] of Object.entries(FILES)) {
  const module = (await import(new URL(path, new URL('../../../', import.meta.url)).href)) as Record<
    string,
    Capabilities
  >
  const capabilities = module[key]
  if (capabilities === undefined) throw new Error(`${path} does not export ${key}`)
  manifests.set(name, { title, capabilities })
}

const SCOPES = { none: 'no', partition: 'within one partition', store: 'over the whole store' } as const
const yesOrNo = (value: boolean): string => (value ? 'yes' : 'no')

type Row<Key extends keyof Capabilities> = readonly [what: string, show: (value: Capabilities[Key]) => string]

type Rows<Keys extends keyof Capabilities> = { readonly [Key in Keys]: Row<Key> }

type LimitKey = Extract<keyof Capabilities, `max${string}` | 'batchesInFlight'>

const GUARANTEES: Rows<Exclude<keyof Capabilities, LimitKey>> = {
  store: ['event store', yesOrNo],
  documents: ['documents', yesOrNo],
  stream: [
    'publish and subscribe',
    (value) => ({ native: 'native', derived: 'made by core', none: 'no' })[value],
  ],
  durability: [
    'acknowledged means',
    (value) =>
      ({
        process: 'in memory',
        system: 'with the operating system',
        disk: 'on disk',
        majority: 'on a majority',
        configured: 'as configured',
      })[value],
  ],
  multiProcess: ['several processes at once', yesOrNo],
  multiStreamAppend: ['several streams in one commit', (value) => SCOPES[value]],
  documentsWithAppend: ['documents in the same commit', (value) => SCOPES[value]],
  documentBatch: ['atomic batches of documents, exactly-once effects on them', (value) => SCOPES[value]],
  sharedTransaction: [
    'transactions over events and documents',
    (value) => ({ native: 'yes, your own tables too', internal: 'yes', none: 'no' })[value],
  ],
  callsBesideTransaction: ['other calls while a transaction is open', yesOrNo],
  listing: [
    'listing of documents',
    (value) => ({ ordered: 'ordered by key', unordered: 'in no order', none: 'no' })[value],
  ],
  expiry: ['documents that expire', yesOrNo],
  removal: ['delete and truncate streams', yesOrNo],
  import: ['import of recorded events', yesOrNo],
  seal: ['sealing a partition', yesOrNo],
  feedRetention: [
    'the feed keeps',
    (value) => ({ all: 'everything', trimmed: 'what is young enough' })[value],
  ],
  groups: [
    'partitions of a group are given to members by',
    (value) => ({ leases: 'leases', native: 'its own groups' })[value],
  ],
  feedWake: ['readers that wait for the feed', (value) => ({ push: 'are woken', poll: 'poll' })[value]],
  competingConsumers: ['groups without order', yesOrNo],
  batchScope: [
    'concurrent commits are grouped',
    (value) => ({ partition: 'by partition', store: 'over all partitions' })[value],
  ],
}

const count = (value: number): string => value.toLocaleString('en-US')
const milliseconds = (value: number): string => `${count(value)} ms`
const bytes = (value: number): string =>
  value >= 1024 * 1024 && value % (1024 * 1024) === 0
    ? `${value / (1024 * 1024)} MiB`
    : `${count(value)} bytes`

const LIMITS: Rows<LimitKey> = {
  maxAppendEvents: ['events of one commit', count],
  maxAppendBytes: ['data and metadata of one commit', bytes],
  maxAppendStreams: ['streams of one commit', count],
  maxDocumentBytes: ['one document', bytes],
  maxBatchDocuments: ['documents of one batch or commit', count],
  maxKeyBytes: ['key of a document', bytes],
  maxCommitsPerBatch: ['commits grouped into one call', count],
  maxEventsPerBatch: ['events grouped into one call', count],
  batchesInFlight: ['calls under way at once', count],
  maxStallMs: ['the longest that a writer holds back the feed', milliseconds],
}

/** What the named adapters promise, as a table. */
export function guaranteesTable(names: string): string {
  return manifestTable('', GUARANTEES, names)
}

/** The declared limits of the named adapters, as a table. */
export function limitsTable(names: string): string {
  return manifestTable('at most', LIMITS, names)
}

function manifestTable<Keys extends keyof Capabilities>(
  corner: string,
  rows: Rows<Keys>,
  names: string,
): string {
  const chosen = names.split(',').map((name) => {
    const manifest = manifests.get(name)
    if (manifest === undefined) throw new Error(`no manifest is called "${name}"`)
    return manifest
  })
  // Sound: the keys of `rows` are its own.
  const keys = Object.keys(rows) as Keys[]
  const cells = keys.map((key) => {
    const [what, show] = rows[key]
    return [`${what} (\`${key}\`)`, ...chosen.map(({ capabilities }) => show(capabilities[key]))]
  })
  return table([corner, ...chosen.map(({ title }) => title)], cells)
}
