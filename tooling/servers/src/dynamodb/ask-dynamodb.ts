import { dynamodbClient } from './dynamodb-client.ts'

/** Asks for the name of a table. Rejects when there is no answer within `deadlineMs`. */
export async function askDynamodb(url: string, deadlineMs: number): Promise<void> {
  const client = await dynamodbClient(url, deadlineMs)
  try {
    await client.listTables({ Limit: 1 })
  } finally {
    client.destroy()
  }
}
