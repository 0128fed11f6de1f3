import { Client } from 'pg'

/** Advisory locks are numbers; nobody else of a trial's database uses this one. */
const KEY = 471_100

/** Commits of a database that wait for a word. */
export interface CommitHold {
  /** How many sessions of the database wait for a lock of any kind. */
  waiting(): Promise<number>
  /** Lets go of them. */
  release(): Promise<void>
  close(): Promise<void>
}

/**
 * Makes transactions that have inserted a row whose text holds `word` wait when they commit: as a disk, a network or a
 * paused client would, and whatever the library does in them.
 */
export async function holdCommits(url: string, tables: readonly string[], word: string): Promise<CommitHold> {
  const client = new Client({ connectionString: url })
  await client.connect()
  await client.query(`
    create function public.hold_commit() returns trigger language plpgsql as $$
    begin
      if to_jsonb(new)::text like '%${word}%' then perform pg_advisory_xact_lock_shared(${KEY}); end if;
      return null;
    end $$`)
  for (const [index, table] of tables.entries()) {
    await client.query(
      `create constraint trigger hold_commit_${index} after insert on ${table}
       deferrable initially deferred for each row execute function public.hold_commit()`,
    )
  }
  await client.query('select pg_advisory_lock($1)', [KEY])
  return {
    async waiting() {
      const { rows } = await client.query<{ waiting: number }>(
        `select count(*)::int as waiting from pg_stat_activity
         where datname = current_database() and wait_event_type = 'Lock'`,
      )
      return rows[0]?.waiting ?? 0
    },
    async release() {
      await client.query('select pg_advisory_unlock($1)', [KEY])
    },
    close: () => client.end(),
  }
}
