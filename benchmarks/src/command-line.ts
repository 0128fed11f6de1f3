import { parseArgs } from 'node:util'

export const usage = `Measures Eventspine beside the raw client doing the same job.

  npm run bench -- memory      the wrapper, lanes, schemas, lazy events and consumers, without any I/O
  npm run bench -- postgres    on a PostgreSQL started for it, and on PGlite
  npm run bench -- redis       on a Redis started for it
  npm run bench -- kafka       on a Kafka started for it
  npm run bench -- dynamodb    on a DynamoDB Local started for it, an emulator
  npm run bench -- couchbase   on a CouchbaseMock started for it, an emulator
  npm run bench -- payloads    the claim check, beside its calls made by hand
  npm run bench -- relay       from PostgreSQL into Kafka and Redis Streams
  npm run bench -- report      writes the latest results into benchmarks/README.md

  --only NAME     only scenarios whose name starts with NAME; may be repeated
  --rounds N      slices of each candidate (default 5, quick 2)
  --ms N          milliseconds of a slice (default 1000, quick 300)
  --warmup-ms N   milliseconds before it (default 400, quick 200)
  --quick         a short look; its figures mean little
  --list          names and questions of the scenarios

Results of whole runs go to benchmarks/results, all others to .eventspine/benchmarks.
`

/** What was asked for. */
export interface CommandLine {
  readonly target: string
  readonly only: readonly string[]
  readonly rounds: number
  readonly durationMs: number
  readonly warmupMs: number
  readonly quick: boolean
  readonly list: boolean
}

/** The words of the command line make no sense. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** @throws {@link UsageError} telling which word is wrong. `undefined` when help was asked for. */
export function parseCommandLine(words: readonly string[]): CommandLine | undefined {
  const { values, positionals } = parse(words)
  if (values.help === true) return undefined
  const [target, ...rest] = positionals
  if (target === undefined || rest.length > 0) throw new UsageError('name one target')
  const quick = values.quick ?? false
  return {
    target,
    only: values.only ?? [],
    rounds: wholeNumber('rounds', values.rounds, quick ? 2 : 5),
    durationMs: wholeNumber('ms', values.ms, quick ? 300 : 1000),
    warmupMs: wholeNumber('warmup-ms', values['warmup-ms'], quick ? 200 : 400),
    quick,
    list: values.list ?? false,
  }
}

function parse(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h' },
        list: { type: 'boolean' },
        ms: { type: 'string' },
        only: { type: 'string', multiple: true },
        quick: { type: 'boolean' },
        rounds: { type: 'string' },
        'warmup-ms': { type: 'string' },
      },
    })
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error })
  }
}

function wholeNumber(name: string, text: string | undefined, standard: number): number {
  if (text === undefined) return standard
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1)
    throw new UsageError(`--${name} takes a whole number from 1, got "${text}"`)
  return value
}
