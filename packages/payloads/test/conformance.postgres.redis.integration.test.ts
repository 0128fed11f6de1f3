import { type OpenRequest, registerCases, streamCases, testPayloads } from '@eventspine/conformance'
import { createDatabase, type OwnDatabase } from '@eventspine/servers'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { openPostgresRedis } from './postgres-redis.ts'
import { openReference } from './reference.ts'
import { serverUrl } from './server-url.ts'
import { touchedStoreCases, touchedStreamCases } from './touched-cases.ts'

let database: OwnDatabase
beforeAll(async () => void (database = await createDatabase(serverUrl('postgres'))))
afterAll(() => database.drop())

const kit = {
  describe,
  it,
  name: 'postgres with payloads in redis',
  open: (request: OpenRequest) =>
    openPostgresRedis({ postgres: database.url, redis: serverUrl('redis') }, request),
  reference: openReference,
  rounds: 5,
  patienceMs: 60_000,
}

const killed = streamCases.filter(({ id }) => id === 'crashes/killed-processes')

registerCases(kit, 'EventStore', touchedStoreCases)
registerCases(kit, 'EventStream', [...touchedStreamCases, ...killed])
testPayloads(kit)
