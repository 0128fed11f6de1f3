import { Random, type Violation } from '@eventspine/conformance'
import { createSchema, postgres } from '@eventspine/postgres'
import { relayOnce } from '@eventspine/relay'
import { createDatabase, type OwnServer, startPostgres } from '@eventspine/servers'
import { Pool } from 'pg'
import { planBlows } from '../plan-blows.ts'
import { crash } from '../targets/crash.ts'
import { compareTarget } from './compare-target.ts'
import type { RelayBlow } from './relay-blow.ts'
import { LEASE_MS, RELAY_NAME, relayRounds } from './relay-rounds.ts'
import { openRelayServers, type RelayServers, type RelayTargetName } from './relay-target.ts'

export interface RelayTortureOptions {
  readonly target: RelayTargetName
  readonly rounds: number
  readonly seed: number
  /** Of the source. */
  readonly partitions: number
  readonly blows: readonly RelayBlow[]
  readonly onRound?: (number: number, blow: RelayBlow, hit: boolean, tookMs: number) => void
}

export interface RelayTortureResult {
  readonly rounds: readonly { readonly blow: RelayBlow; readonly hit: boolean }[]
  /** In all sources. */
  readonly events: number
  readonly violations: readonly Violation[]
}

/** After so many rounds the target is held against its source, and both are left for new ones. */
const ROUNDS_PER_SOURCE = 10
const CATCH_UP_MS = 120_000

/** Runs the rounds, and ends with the first source whose target is not the same. */
export async function runRelayTorture(options: RelayTortureOptions): Promise<RelayTortureResult> {
  const { rounds, seed } = options
  const random = new Random(seed)
  const done: { blow: RelayBlow; hit: boolean }[] = []
  let events = 0
  const plan = planBlows(options.blows, rounds, random)
  await using server = await startPostgres()
  await using servers = await openRelayServers(options.target)
  while (done.length < plan.length) {
    const blows = plan.slice(done.length, done.length + ROUNDS_PER_SOURCE)
    const compared = await tortureSource({ options, server, servers, random, blows }, (blow, hit, tookMs) => {
      done.push({ blow, hit })
      options.onRound?.(done.length, blow, hit, tookMs)
    })
    events += compared.events
    if (compared.violations.length > 0) return { rounds: done, events, violations: compared.violations }
  }
  return { rounds: done, events, violations: [] }
}

interface SourceTerms {
  readonly options: RelayTortureOptions
  readonly server: OwnServer
  readonly servers: RelayServers
  readonly random: Random
  readonly blows: readonly RelayBlow[]
}

async function tortureSource(
  { options, server, servers, random, blows }: SourceTerms,
  onRound: (blow: RelayBlow, hit: boolean, tookMs: number) => void,
): ReturnType<typeof compareTarget> {
  await using database = await createDatabase(server.url)
  const pool = new Pool({ connectionString: database.url, max: 1 })
  await createSchema(pool, { partitions: options.partitions })
  await pool.end()
  await using source = await postgres.connect(database.url)
  const { target: opened, access } = await servers.newTarget()
  await using target = opened
  await relayRounds({
    source,
    sourceAccess: { module: import.meta.resolve('@eventspine/postgres'), url: database.url },
    targetAccess: access,
    blows,
    random,
    crashSource: () => crash(server),
    crashTarget: () => servers.crash(random),
    onRound,
  })
  await relayOnce(source, target, { name: RELAY_NAME, leaseMs: LEASE_MS, budgetMs: CATCH_UP_MS })
  // Both are closed when this returns.
  return await compareTarget(source, target)
}
