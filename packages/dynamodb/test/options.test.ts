import { describe, expect, it } from 'vitest'
import { createTableInput } from '../src/create-table.ts'
import { parseDynamodbUrl } from '../src/dynamodb-url.ts'
import { dynamodb } from '../src/index.ts'
import { resolveOptions } from '../src/options.ts'

const refusal = (field: string): unknown => expect.objectContaining({ code: 'INVALID_ARGUMENT', field })

describe('options', () => {
  it('have defaults', () => {
    expect(resolveOptions({ table: 'events' })).toEqual({
      table: 'events',
      prefix: 'eventspine',
      create: false,
      partitions: undefined,
      pollIntervalMs: 100,
      lockTimeoutMs: 10_000,
    })
  })

  it.each([
    ['table', { table: 'a' }],
    ['table', { table: 'a b c' }],
    ['prefix', { table: 'events', prefix: 'a|b' }],
    ['prefix', { table: 'events', prefix: '' }],
    ['pollIntervalMs', { table: 'events', pollIntervalMs: 0 }],
    ['lockTimeoutMs', { table: 'events', lockTimeoutMs: 0.5 }],
  ])('are refused naming %s', (field, options) => {
    expect(() => resolveOptions(options)).toThrow(refusal(field))
  })

  it('need a client', async () => {
    // What a program without types could pass.
    const nothing = { table: 'events' } as never
    await expect(dynamodb(nothing)).rejects.toThrow(refusal('client'))
  })
})

describe('URLs', () => {
  it('of the service leave credentials to the client, and may leave the region too', () => {
    expect(parseDynamodbUrl('dynamodb:///events?region=eu-central-1&prefix=shop&partitions=8')).toEqual({
      table: 'events',
      region: 'eu-central-1',
      endpoint: undefined,
      credentials: undefined,
      options: { prefix: 'shop', partitions: 8 },
    })
    expect(parseDynamodbUrl('dynamodb:///events').region).toBeUndefined()
  })

  it('of another endpoint have its host, and credentials if need be', () => {
    expect(parseDynamodbUrl('dynamodb://id:s%40cret@localhost:8000/events?region=local&ssl=false')).toEqual({
      table: 'events',
      region: 'local',
      endpoint: 'http://localhost:8000',
      credentials: { accessKeyId: 'id', secretAccessKey: 's@cret' },
      options: {},
    })
    expect(parseDynamodbUrl('dynamodb://dax.internal/events').endpoint).toBe('https://dax.internal')
  })

  it.each([
    'http://localhost:8000/events',
    'dynamodb://hunter2',
    'dynamodb:///',
    'dynamodb:///e?hunter2',
    'dynamodb:///events?hunter2=1',
    'dynamodb:///events?ssl=hunter2',
    'dynamodb:///events?partitions=hunter2',
  ])('are refused without being repeated: %s', (url) => {
    expect(() => parseDynamodbUrl(url)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }))
    if (url.includes('=hunter2') || url.endsWith('//hunter2'))
      expect(() => parseDynamodbUrl(url)).not.toThrow(/hunter2/)
  })
})

describe('a table', () => {
  it('is billed by request and can be deleted, unless told otherwise', () => {
    const { BillingMode, DeletionProtectionEnabled, SSESpecification } = createTableInput({ table: 'events' })
    expect([BillingMode, DeletionProtectionEnabled, SSESpecification]).toEqual([
      'PAY_PER_REQUEST',
      false,
      undefined,
    ])
  })

  it('has the capacity, the encryption and the protection that were asked for', () => {
    const billing = { readUnits: 5, writeUnits: 7 }
    const encryption = { kmsKeyId: 'alias/events' }
    expect(
      createTableInput({ table: 'events', billing, encryption, deletionProtection: true }),
    ).toMatchObject({
      BillingMode: 'PROVISIONED',
      ProvisionedThroughput: { ReadCapacityUnits: 5, WriteCapacityUnits: 7 },
      SSESpecification: { Enabled: true, SSEType: 'KMS', KMSMasterKeyId: 'alias/events' },
      DeletionProtectionEnabled: true,
    })
    const { SSESpecification } = createTableInput({ table: 'events', encryption: 'account' })
    expect(SSESpecification).toEqual({ Enabled: true, SSEType: 'KMS' })
  })
})
