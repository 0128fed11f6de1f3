import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  type DynamoDBClient,
  ResourceInUseException,
  UpdateContinuousBackupsCommand,
  UpdateTimeToLiveCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb'
import { EventStoreError } from '@eventspine/core'
import { classifyError } from './classify-error.ts'
import { checkTable } from './options.ts'

/** How a table is made. Of one that is there, nothing is changed but the expiry of documents. */
export interface TableOptions {
  readonly table: string
  /** Pay for each request, or for capacity by the second. Default `onDemand`. */
  readonly billing?: 'onDemand' | { readonly readUnits: number; readonly writeUnits: number } | undefined
  /** With the service's own key, one of your account that AWS manages, or one of yours. Default `service`. */
  readonly encryption?: 'service' | 'account' | { readonly kmsKeyId: string } | undefined
  /** Keep what is needed to restore the table as it was at any second of the last 35 days. Default `false`. */
  readonly pointInTimeRecovery?: boolean | undefined
  /** Refuse to delete the table. Default `false`. */
  readonly deletionProtection?: boolean | undefined
}

/** The service makes a table in seconds. */
const MOST_WAIT_SECONDS = 300

/**
 * Makes the table of a store, or of several, unless it is there, and lets the service delete expired documents.
 *
 * @throws {@link EventStoreError} `STORE_INCOMPATIBLE`: a table of this name has other keys. `ACCESS_DENIED`, …. May be
 *   called again.
 */
export async function createTable(client: DynamoDBClient, options: TableOptions): Promise<void> {
  const { table, pointInTimeRecovery = false } = options
  checkTable(table)
  try {
    const made = await create(client, options)
    await waitUntilTableExists(
      { client, maxWaitTime: MOST_WAIT_SECONDS, minDelay: 1, maxDelay: 5 },
      { TableName: table },
    )
    if (!made) await checkShape(client, table)
    await expireDocuments(client, table)
    if (made && pointInTimeRecovery) {
      const PointInTimeRecoverySpecification = { PointInTimeRecoveryEnabled: true }
      await client.send(
        new UpdateContinuousBackupsCommand({ TableName: table, PointInTimeRecoverySpecification }),
      )
    }
  } catch (error) {
    throw classifyError(error, true)
  }
}

/** `false`: it is there. */
async function create(client: DynamoDBClient, options: TableOptions): Promise<boolean> {
  try {
    await client.send(new CreateTableCommand(createTableInput(options)))
    return true
  } catch (error) {
    if (error instanceof ResourceInUseException) return false
    throw error
  }
}

/** What {@link createTable} asks the service for. */
export function createTableInput(options: TableOptions): CreateTableCommandInput {
  const { table, billing = 'onDemand', encryption = 'service', deletionProtection = false } = options
  return {
    TableName: table,
    AttributeDefinitions: [
      { AttributeName: 'pk', AttributeType: 'S' },
      { AttributeName: 'sk', AttributeType: 'S' },
    ],
    KeySchema: [
      { AttributeName: 'pk', KeyType: 'HASH' },
      { AttributeName: 'sk', KeyType: 'RANGE' },
    ],
    DeletionProtectionEnabled: deletionProtection,
    ...(billing === 'onDemand'
      ? { BillingMode: 'PAY_PER_REQUEST' }
      : {
          BillingMode: 'PROVISIONED',
          ProvisionedThroughput: {
            ReadCapacityUnits: billing.readUnits,
            WriteCapacityUnits: billing.writeUnits,
          },
        }),
    ...(encryption === 'service'
      ? {}
      : {
          SSESpecification: {
            Enabled: true,
            SSEType: 'KMS',
            ...(encryption === 'account' ? {} : { KMSMasterKeyId: encryption.kmsKeyId }),
          },
        }),
  }
}

async function checkShape(client: DynamoDBClient, table: string): Promise<void> {
  const { Table } = await client.send(new DescribeTableCommand({ TableName: table }))
  const types = new Map(
    (Table?.AttributeDefinitions ?? []).map((each) => [each.AttributeName, each.AttributeType]),
  )
  const keys = (Table?.KeySchema ?? []).map(
    ({ AttributeName = '', KeyType }) =>
      `${AttributeName} ${types.get(AttributeName) ?? ''} ${KeyType ?? ''}`,
  )
  if (keys.toSorted().join() === 'pk S HASH,sk S RANGE') return
  throw new EventStoreError(
    'STORE_INCOMPATIBLE',
    `dynamodb: the table "${table}" has other keys: it was not made for Eventspine`,
  )
}

async function expireDocuments(client: DynamoDBClient, table: string): Promise<void> {
  if (await expires(client, table)) return
  const TimeToLiveSpecification = { AttributeName: 'ttl', Enabled: true }
  try {
    await client.send(new UpdateTimeToLiveCommand({ TableName: table, TimeToLiveSpecification }))
  } catch (error) {
    // Another process that makes the table has been faster, which the service takes for a mistake of this one.
    if (!(await expires(client, table))) throw error
  }
}

async function expires(client: DynamoDBClient, table: string): Promise<boolean> {
  const { TimeToLiveDescription } = await client.send(new DescribeTimeToLiveCommand({ TableName: table }))
  const status = TimeToLiveDescription?.TimeToLiveStatus
  return status === 'ENABLED' || status === 'ENABLING'
}
