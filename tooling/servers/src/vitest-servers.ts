import { startOwnServer } from './own-server.ts'
import { parseServerName, serverDefinition } from './registry.ts'
import { ServerStartError } from './server-start-error.ts'
import { testBackends, testServers } from './test-backends.ts'

const answerDeadlineMs = 15_000

/**
 * vitest's global set-up for tests on real servers: starts each server that the run asks for and no environment
 * variable gives, and hands its URL down in that variable, which the test processes inherit.
 *
 * @returns what stops them again.
 */
export default async function setUpServers(): Promise<() => Promise<void>> {
  const stops: (() => Promise<void>)[] = []
  const stopAll = async (): Promise<void> => {
    for (const stop of stops.toReversed()) await stop()
  }
  try {
    for (const name of testServers.filter((server) => testBackends().includes(server))) {
      const stop = await provide(name)
      if (stop !== undefined) stops.push(stop)
    }
  } catch (error) {
    await stopAll()
    throw error
  }
  return stopAll
}

async function provide(backend: string): Promise<(() => Promise<void>) | undefined> {
  const name = parseServerName(backend)
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
