import { createKeyspace, serverUrl } from '@eventspine/servers'
import { testProcesses } from './on-servers.ts'

testProcesses('Redis', async () => createKeyspace(await serverUrl('redis')))
