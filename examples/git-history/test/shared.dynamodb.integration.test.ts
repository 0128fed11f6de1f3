import { ownTable, serverUrl } from '@eventspine/servers'
import { testSharedStore } from './shared-store.ts'

testSharedStore('DynamoDB (emulator)', async () => ownTable(await serverUrl('dynamodb')))
