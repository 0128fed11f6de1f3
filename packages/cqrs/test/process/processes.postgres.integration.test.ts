import { createDatabase, serverUrl } from '@eventspine/servers'
import { testProcesses } from './on-servers.ts'

testProcesses('PostgreSQL', async () => {
  const database = await createDatabase(await serverUrl('postgres'))
  return { url: database.url, [Symbol.asyncDispose]: () => database.drop() }
})
