import { createKeyspace, serverUrl } from '@eventspine/servers'
import { testProjections } from './projections-on-servers.ts'

testProjections('Redis', async () => createKeyspace(await serverUrl('redis')))
