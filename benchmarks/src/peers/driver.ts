import type { OwnedStream, StoredStream } from '../workload/owned-streams.ts'
import type { Pass } from '../workload/read-session.ts'

/** How a peer on PostgreSQL is spoken to, through its public functions alone. */
export interface PeerDriver {
  /** As {@link Appender.append}. */
  append(stream: OwnedStream, firstNumber: number, count: number): Promise<void>
  /** All streams, in the ids that were given. */
  stored(): Promise<readonly StoredStream[]>
  /** Reads a stream, and into each event's data. */
  readStream(streamId: string): Promise<Pass>
  close(): Promise<void>
}

/** Opens a peer's store in an empty database, or in one where it was opened before. */
export type OpenDriver = (options: {
  readonly folder: string
  readonly url: string
  readonly poolSize: number
}) => Promise<PeerDriver>

/** What is used of a pool of `pg`, the peer's own. */
export interface PeerPool {
  query(
    query: string | { readonly name: string; readonly text: string; readonly values: readonly unknown[] },
  ): Promise<{ readonly rows: readonly Record<string, string>[] }>
  connect(): Promise<PeerPool & { release(): void }>
  end(): Promise<void>
}

export interface PeerPgModule {
  readonly default: { readonly Pool: new (options: object) => PeerPool }
}

/** A pool whose connections are all open, so that no slice pays for opening them. */
export async function openPeerPool(
  load: <Module>(name: string) => Promise<Module>,
  url: string,
  poolSize: number,
): Promise<PeerPool> {
  const { Pool } = (await load<PeerPgModule>('pg')).default
  const pool = new Pool({ connectionString: url, max: poolSize, idleTimeoutMillis: 0 })
  const clients = await Promise.all(Array.from({ length: poolSize }, () => pool.connect()))
  for (const client of clients) client.release()
  return pool
}

/** Runs a query that tells of each stream its id, events and last version, from 1. */
export async function storedBy(pool: PeerPool, text: string): Promise<readonly StoredStream[]> {
  const { rows } = await pool.query(text)
  return rows.map(({ id = '', events, last }) => ({ id, events: Number(events), lastVersion: Number(last) }))
}
