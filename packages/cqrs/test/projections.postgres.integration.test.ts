import { createDatabase, serverUrl } from '@eventspine/servers'
import { testProjections } from './projections-on-servers.ts'

testProjections('PostgreSQL', async () => {
  const database = await createDatabase(await serverUrl('postgres'))
  return { url: database.url, [Symbol.asyncDispose]: () => database.drop() }
})
