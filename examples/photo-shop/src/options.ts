import { parseArgs } from 'node:util'

export interface Options {
  /** URL of the stream or store that carries the order; `undefined`: a Kafka of one's own, gone afterwards. */
  readonly stream: string | undefined
  /** URL of the store that keeps the payloads; `undefined`: a DynamoDB Local of one's own, gone afterwards. */
  readonly payloads: string | undefined
  readonly orders: number
  readonly kills: number
  readonly seed: number
}

/** The command was not called as it can be. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

export const usage = `npm run photo-shop -- [options]

Customers order prints. A stream of one make carries the orders, a store of another the photos. The counter is killed
while it takes orders; the lab prints from the photos, billing reads metadata alone. Ends by saying that every order
was printed and billed, or which was not.

  --orders N      how many; default 60
  --kills N       how often the counter is killed; default 2, in memory 0
  --seed N        the same seed gives the same orders; default: another each time
  --stream URL    kafka://HOST:PORT/TOPIC, redis://HOST:PORT/0?topic=TOPIC, or any store: postgres://…, redis://…,
                  dynamodb://…, couchbase://…, memory:; default EVENTSPINE_STREAM, else a Kafka started for this run
  --payloads URL  any store; default EVENTSPINE_PAYLOADS, else a DynamoDB Local (an emulator) started for this run
  --help`

const DEFAULT_ORDERS = 60
const DEFAULT_KILLS = 2
const MOST = 100_000

/** @returns `undefined` when help was asked for. @throws {@link UsageError} */
export function parseOptions(words: readonly string[], environment: NodeJS.ProcessEnv): Options | undefined {
  const values = parse(words)
  if (values.help === true) return undefined
  const stream = values.stream ?? environment['EVENTSPINE_STREAM']
  const payloads = values.payloads ?? environment['EVENTSPINE_PAYLOADS']
  // What is in the memory of one process, another cannot sell into.
  const inMemory = [stream, payloads].some((url) => url?.startsWith('memory:'))
  const kills = countOf('--kills', values.kills, 0, inMemory ? 0 : DEFAULT_KILLS)
  if (inMemory && kills > 0) throw new UsageError('--kills needs servers: memory dies with its process')
  return {
    stream,
    payloads,
    kills,
    orders: countOf('--orders', values.orders, 1, DEFAULT_ORDERS),
    seed: countOf('--seed', values.seed, 0, Math.floor(Math.random() * MOST)),
  }
}

function parse(words: readonly string[]) {
  const text = { type: 'string' } as const
  try {
    return parseArgs({
      args: [...words],
      options: {
        orders: text,
        kills: text,
        seed: text,
        stream: text,
        payloads: text,
        help: { type: 'boolean', short: 'h' },
      },
    }).values
  } catch (error) {
    // Node explains at length what a user could have meant by a dash; the first sentence says what is wrong.
    throw new UsageError(error instanceof Error ? (error.message.split(/\.\s/)[0] ?? '') : String(error), {
      cause: error,
    })
  }
}

function countOf(name: string, text: string | undefined, least: number, standard: number): number {
  if (text === undefined) return standard
  const count = Number(text)
  if (/^\d+$/.test(text) && count >= least && count <= MOST) return count
  throw new UsageError(`${name} must be a whole number from ${least} to ${MOST}, got ${JSON.stringify(text)}`)
}
