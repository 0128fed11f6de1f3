/** How far one atomic operation reaches: not at all, within one partition, or over the whole store. */
export type Scope = 'none' | 'partition' | 'store'

/**
 * What a backend promises: every key is required, so that a new one stops an adapter's build until it is
 * answered. The wrapper refuses what is not promised before any I/O; the conformance kit reads this
 * manifest and asserts the refusal.
 */
export interface Capabilities {
  /** The ports this backend has. Verbs of an absent port exist and refuse with `NOT_SUPPORTED`. */
  readonly store: boolean
  readonly documents: boolean
  /** `native`: the backend's own stream. `derived`: made by core from store and documents. */
  readonly stream: 'native' | 'derived' | 'none'
  /**
   * What an acknowledged append outlives, in a word; the adapter's README explains it. `process`: nothing, it is
   * in the process's memory. `system`: the process, not a crash of the machine, since the operating system was
   * not asked to write it out. `disk`: a crash of the machine. `majority`: the loss of machines that are fewer
   * than half. `configured`: as the server is set up.
   */
  readonly durability: 'process' | 'system' | 'disk' | 'majority' | 'configured'
  /** More than one process may open the same store at once. */
  readonly multiProcess: boolean

  /** Events of several streams in one atomic commit (law A10). */
  readonly multiStreamAppend: Scope
  /** Documents in the same atomic commit as events (law A11). */
  readonly documentsWithAppend: Scope
  /** Several document writes as one atomic batch (law K2). */
  readonly documentBatch: Scope
  /**
   * Consumers and callers may share one transaction over events and documents (law C9):
   * `native` also hands out the backend's own client, `internal` only our ports, `none` neither.
   */
  readonly sharedTransaction: 'native' | 'internal' | 'none'
  /**
   * Other calls go on while such a transaction is open. `false`: the backend has one connection, so they
   * wait for the transaction, reads too, and are refused with `BUSY` after the lock timeout.
   */
  readonly callsBesideTransaction: boolean
  /** Order of document listings (law K4); `ordered` is by UTF-8 bytes of the key. */
  readonly listing: 'ordered' | 'unordered' | 'none'
  /** Documents may expire (law K3). */
  readonly expiry: boolean
  /** `delete` and `truncate` of streams (laws D). */
  readonly removal: boolean
  /** `import` of recorded events with their ids, versions and timestamps. */
  readonly import: boolean
  /** `seal` of a partition (law F10). */
  readonly seal: boolean
  /** `all`: the feed keeps everything. `trimmed`: old events go, and their positions expire (law F9). */
  readonly feedRetention: 'all' | 'trimmed'
  /** `push`: waiting for the feed is woken by writers. `poll`: it is not, and readers poll. */
  readonly feedWake: 'push' | 'poll'
  /**
   * Who decides which member of a consumer group owns a partition: `leases` of core in the checkpoint documents, or
   * the backend's own groups.
   */
  readonly groups: 'leases' | 'native'
  /** Subscriptions with `ordering: 'none'`: members of a group take single events, in no order. */
  readonly competingConsumers: boolean

  /** `store`: one batch may hold commits of several partitions. `partition`: of one only. */
  readonly batchScope: 'partition' | 'store'
  /** Commits that one call of the adapter takes; 1 means that commits are not grouped. */
  readonly maxCommitsPerBatch: number
  /** Events that one call takes. A single larger commit is sent alone. */
  readonly maxEventsPerBatch: number
  /** Calls under way at once: in all for `batchScope: 'store'`, else per partition. */
  readonly batchesInFlight: number

  /** Events of one commit (law A9). */
  readonly maxAppendEvents: number
  /** UTF-8 bytes of data and metadata of one commit (law A9). */
  readonly maxAppendBytes: number
  /** Streams of one commit. */
  readonly maxAppendStreams: number
  /** UTF-8 bytes of one document's value. */
  readonly maxDocumentBytes: number
  /** Writes in one document batch, and documents in one commit. */
  readonly maxBatchDocuments: number
  /** UTF-8 bytes of a document's key. */
  readonly maxKeyBytes: number
  /**
   * Milliseconds that a rolled-back, dead or slow writer may hold back the feed (law F7), beyond the
   * lock timeout of appends that wait for it.
   */
  readonly maxStallMs: number
}
