import { DynamoDB } from '@aws-sdk/client-dynamodb'
import { randomUUID } from 'node:crypto'

/** A client of the vendor and a table of its own, as who works without a library has them. */
export interface BareTable {
  readonly client: DynamoDB
  readonly table: string
  readonly close: () => Promise<void>
}

/** @param serverUrl - of the server, in the scheme of our adapter. */
function bareClient(serverUrl: string): DynamoDB {
  const { host, username, password, searchParams } = new URL(serverUrl)
  return new DynamoDB({
    region: searchParams.get('region') ?? 'local',
    endpoint: `http://${host}`,
    credentials: { accessKeyId: username, secretAccessKey: password },
  })
}

/** A table with a partition key of text and a sort key of the given type. */
export async function openBareTable(
  serverUrl: string,
  { partitionKey, sortKey }: { readonly partitionKey: string; readonly sortKey: string },
): Promise<BareTable> {
  const client = bareClient(serverUrl)
  const table = `bench-${randomUUID()}`
  await client.createTable({
    TableName: table,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [
      { AttributeName: partitionKey, AttributeType: 'S' },
      { AttributeName: sortKey, AttributeType: 'N' },
    ],
    KeySchema: [
      { AttributeName: partitionKey, KeyType: 'HASH' },
      { AttributeName: sortKey, KeyType: 'RANGE' },
    ],
  })
  return {
    client,
    table,
    async close() {
      await client.deleteTable({ TableName: table })
      client.destroy()
    },
  }
}
