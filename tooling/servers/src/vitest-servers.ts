import { startOwnServer } from './own-server.ts'
import { serverDefinition } from './registry.ts'
import { ServerStartError } from './server-start-error.ts'
import { serversNotAskedFor, serversOfFile, type TestServer } from './test-backends.ts'

const answerDeadlineMs = 15_000

/** The part of vitest's `TestProject` that is used: the files that this run is about, of all its projects. */
interface TestRun {
  readonly vitest: { readonly state: { getPaths(): readonly string[] } }
}

/**
 * vitest's global set-up for tests on real servers: starts each server that a file of the run is on and no
 * environment variable gives, and hands its URL down in that variable, which the test processes inherit.
 *
 * @returns what stops them again.
 */
export default async function setUpServers(run: TestRun): Promise<() => Promise<void>> {
  const needed = [...serversNeeded(run)]
  const starts = await Promise.allSettled(needed.map(provide))
  const stopAll = async (): Promise<void> => {
    for (const start of starts) if (start.status === 'fulfilled') await start.value?.()
  }
  const failed = starts.find((start) => start.status === 'rejected')
  if (failed === undefined) return stopAll
  await stopAll()
  throw failed.reason
}

function serversNeeded(run: TestRun): ReadonlySet<TestServer> {
  const unwanted = serversNotAskedFor()
  const files = run.vitest.state.getPaths().filter((path) => /\.(integration|clusters)\.test\.ts$/.test(path))
  return new Set(files.flatMap(serversOfFile).filter((server) => !unwanted.includes(server)))
}

async function provide(name: TestServer): Promise<(() => Promise<void>) | undefined> {
  const definition = serverDefinition(name)
  const given = process.env[definition.urlVariable]
  if (given === undefined || given === '') {
    const server = await startOwnServer(name)
    process.env[definition.urlVariable] = server.url
    return async () => {
      delete process.env[definition.urlVariable]
      await server.stop()
    }
  }
  await definition.probe(given, answerDeadlineMs).catch((cause: unknown) => {
    const reason = `the server that ${definition.urlVariable} names does not answer (${String(cause)})`
    throw new ServerStartError(name, reason, `start it, or unset ${definition.urlVariable}`, { cause })
  })
  return undefined
}
