import { ownTable, serverUrl } from '@eventspine/servers'
import { testProcesses } from './on-servers.ts'

testProcesses('DynamoDB (emulator)', async () => ownTable(await serverUrl('dynamodb')))
