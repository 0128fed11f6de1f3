import { parseArgs } from 'node:util'
import { OWN_STREAM } from './service/open-stream.ts'

export interface Options {
  /** URL of the store; `undefined`: a PostgreSQL of one's own, gone afterwards. */
  readonly store: string | undefined
  /** URL of the stream, or `store`; `undefined`: a Kafka of one's own, gone afterwards. */
  readonly stream: string | undefined
  readonly orders: number
  readonly kills: number
  readonly seed: number
  /** Nothing may happen for so long before the run is called stuck. */
  readonly patienceMs: number
}

/** The command was not called as it can be. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

export const usage = `npm run order-flow -- [options]

Orders in PostgreSQL, relayed into Kafka, shipped and counted by two consumer groups. Every part is a process, and
some are killed at random moments. Ends by saying that all is consistent, or what is not.

  --orders N     how many orders customers place; default 300
  --kills N      how many processes are killed; default 6
  --no-kills     none
  --seed N       the same seed gives the same orders and kills; default: another each time
  --store URL    postgres://…; default EVENTSPINE_STORE, else a server is started for this run
  --stream URL   kafka://HOST:PORT/TOPIC or redis://HOST:PORT/0?topic=TOPIC; default EVENTSPINE_STREAM, else a
                 Kafka is started for this run. "${OWN_STREAM}": without any, consumers read the store's own feed
  --patience S   seconds without any change after which it does not wait on; default 60
  --help`

const DEFAULT_ORDERS = 300
const DEFAULT_KILLS = 6
/** A consumer that was killed is missed after seconds, by Kafka after half a minute at most. */
const DEFAULT_PATIENCE_SECONDS = 60
const MOST = 100_000

/** @returns `undefined` when help was asked for. @throws {@link UsageError} */
export function parseOptions(words: readonly string[], environment: NodeJS.ProcessEnv): Options | undefined {
  const values = parse(words)
  if (values.help === true) return undefined
  if (values['no-kills'] === true && values.kills !== undefined)
    throw new UsageError('--kills and --no-kills exclude each other')
  return {
    store: urlOf('--store', values.store, environment['EVENTSPINE_STORE']),
    stream: urlOf('--stream', values.stream, environment['EVENTSPINE_STREAM']),
    orders: countOf('--orders', values.orders, { least: 1, standard: DEFAULT_ORDERS }),
    kills:
      values['no-kills'] === true
        ? 0
        : countOf('--kills', values.kills, { least: 0, standard: DEFAULT_KILLS }),
    patienceMs:
      1000 * countOf('--patience', values.patience, { least: 1, standard: DEFAULT_PATIENCE_SECONDS }),
    seed: countOf('--seed', values.seed, { least: 0, standard: Math.floor(Math.random() * MOST) }),
  }
}

function parse(words: readonly string[]) {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean' } as const
  try {
    return parseArgs({
      args: [...words],
      options: {
        orders: text,
        kills: text,
        'no-kills': flag,
        seed: text,
        patience: text,
        store: text,
        stream: text,
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

function urlOf(
  name: string,
  given: string | undefined,
  fromEnvironment: string | undefined,
): string | undefined {
  if (given === '') throw new UsageError(`${name} needs a URL`)
  const url = given ?? fromEnvironment
  return url === '' ? undefined : url
}

function countOf(
  name: string,
  text: string | undefined,
  { least, standard }: { readonly least: number; readonly standard: number },
): number {
  if (text === undefined) return standard
  const count = Number(text)
  if (/^\d+$/.test(text) && count >= least && count <= MOST) return count
  throw new UsageError(`${name} must be a whole number from ${least} to ${MOST}, got ${JSON.stringify(text)}`)
}
