import { type OpenRequest, testEventStore, testEventStream, testPayloads } from '@eventspine/conformance'
import { createDatabase, type OwnDatabase } from '@eventspine/servers'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { openPostgresRedis } from './postgres-redis.ts'
import { openReference } from './reference.ts'
import { serverUrl } from './server-url.ts'

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

testEventStore(kit)
testEventStream(kit)
testPayloads(kit)
