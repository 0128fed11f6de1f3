/** What tests of any store run on. */
const stores = ['memory', 'pglite', 'postgres'] as const
/** What needs a process of its own; tests of one or several of them name these in their file name. */
const servers = [
  'postgres',
  'redis',
  'redis-cluster',
  'kafka',
  'kafka-cluster',
  'dynamodb',
  'couchbase',
] as const
const clusters: ReadonlySet<string> = new Set(['redis-cluster', 'kafka-cluster'])
const known: readonly string[] = [...new Set<string>([...stores, ...servers])]

/** A backend on which tests of any store can be asked to run. */
export type TestBackend = (typeof stores)[number]

/** A server that tests can be asked to run on. */
export type TestServer = (typeof servers)[number]

/**
 * The stores that the tests of this run were asked for: `EVENTSPINE_TEST_BACKENDS`, names separated by commas,
 * or all of them. One that was asked for and is not there is an error, never a skip.
 *
 * @throws RangeError when that variable names what does not exist.
 */
export function testBackends(): readonly TestBackend[] {
  const asked = askedFor()
  return stores.filter((store) => asked.includes(store))
}

/** The servers that this run was not asked for. */
export function serversNotAskedFor(): readonly TestServer[] {
  const asked = askedFor()
  return servers.filter((server) => !asked.includes(server))
}

/**
 * The servers of a run that a test file is on: those between the dots of its name, such as `postgres` and `redis` of
 * `relay.postgres.redis.integration.test.ts`; a file that names none is on any store. A file with `clusters` in its
 * name starts the clusters it names itself, as it is going to kill their nodes.
 */
export function serversOfFile(path: string): readonly TestServer[] {
  const words = path
    .slice(path.lastIndexOf('/') + 1)
    .split('.')
    .slice(1)
  const named = servers.filter((server) => words.includes(server))
  if (words.includes('clusters')) return named.filter((server) => !clusters.has(server))
  return named.length > 0 ? named : servers.filter((server) => stores.some((store) => store === server))
}

function askedFor(): readonly string[] {
  const names = process.env['EVENTSPINE_TEST_BACKENDS']
  return names === undefined ? known : parseTestBackends(names)
}

/**
 * The backends of a list separated by commas, or all.
 *
 * @throws RangeError when it names none, or one that does not exist.
 */
export function parseTestBackends(names: string | undefined): readonly string[] {
  if (names === undefined) return known
  const asked = names.split(',').map((name) => name.trim())
  for (const name of asked) {
    if (known.includes(name)) continue
    throw new RangeError(`"${name}" is no backend that tests run on; known: ${known.join(', ')}`)
  }
  return asked
}
