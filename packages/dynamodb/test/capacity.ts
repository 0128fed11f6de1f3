import type { AttributeValue, DynamoDBClient, TransactWriteItem } from '@aws-sdk/client-dynamodb'

/*
 * What the service bills, by its own rules: an item counts the UTF-8 bytes of its names and values, a write one unit for each
 * KB that has begun, within a transaction two. The emulator counts writes alone as the service does, but of a transaction
 * one item only, so those are counted here.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
 */

const UNIT_BYTES = 1024

type Item = Readonly<Record<string, AttributeValue>>

export function itemBytes(item: Item): number {
  let bytes = 0
  for (const [name, { S, N }] of Object.entries(item)) {
    bytes += Buffer.byteLength(name)
    if (S !== undefined) bytes += Buffer.byteLength(S)
    // Two digits a byte, and one more.
    else if (N !== undefined) bytes += Math.ceil(N.length / 2) + 1
    else throw new TypeError(`the attribute ${name} is neither text nor number`)
  }
  return bytes
}

export function writeUnits(item: Item): number {
  return Math.ceil(itemBytes(item) / UNIT_BYTES)
}

/** What requests have cost. */
export class Units {
  /** Of all writes. */
  writes = 0
  /** Of all reads, as the server says. */
  reads = 0
  /** Of writes outside transactions, as the server says. */
  reportedWrites = 0
  requests = 0

  /** Counts what this client sends from now on. */
  count(client: DynamoDBClient): void {
    client.middlewareStack.add(
      (next, { commandName = '' }) =>
        async (args) => {
          // What all requests about items may have; the server then says what it has counted.
          const input = { ...args.input, ReturnConsumedCapacity: 'TOTAL' }
          const result = await next({ ...args, input })
          this.requests++
          this.#add(commandName, input, unitsOf(result.output))
          return result
        },
      { step: 'initialize', name: 'countUnits' },
    )
  }

  reset(): void {
    this.writes = 0
    this.reads = 0
    this.reportedWrites = 0
    this.requests = 0
  }

  #add(command: string, input: object, reported: number): void {
    if ('TransactItems' in input) {
      for (const { Put } of input.TransactItems as readonly TransactWriteItem[]) {
        if (Put?.Item === undefined) throw new TypeError('the transaction does more than put')
        this.writes += 2 * writeUnits(Put.Item)
      }
    } else if ('Item' in input) {
      this.writes += writeUnits(input.Item as Item)
      this.reportedWrites += reported
    } else if (/^(GetItem|Query|BatchGetItem)Command$/.test(command)) this.reads += reported
    else throw new TypeError(`${command} is not counted`)
  }
}

function unitsOf(output: object): number {
  const consumed = 'ConsumedCapacity' in output ? output.ConsumedCapacity : undefined
  const all = (Array.isArray(consumed) ? consumed : [consumed]) as readonly (
    | { readonly CapacityUnits?: number }
    | undefined
  )[]
  return all.reduce((sum, each) => sum + (each?.CapacityUnits ?? 0), 0)
}
