import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

export interface Options {
  /** Absolute. */
  readonly repository: string
  /** URL of the store. */
  readonly store: string
  /** Commits from the oldest on; infinite unless given. */
  readonly limit: number
  /** A file whose history is printed. */
  readonly file: string | undefined
  readonly fresh: boolean
}

/** The command was not called as it can be. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

export const usage = `npm run git-history -- PATH_TO_A_GIT_REPO [options]

Replays the first-parent history of HEAD as events and verifies the tree that they build.

  --store URL    where to: memory:, pglite:FOLDER or postgres://…; default EVENTSPINE_STORE,
                 else a folder of this checkout, .eventspine/git-history
  --limit N      stop after the N oldest commits
  --file PATH    print the history of one file, named from the top of the repository
  --fresh        replay into new streams beside those that are there: for a rewritten history
  --help`

const defaultFolder = fileURLToPath(new URL('../../../.eventspine/git-history', import.meta.url))

/** @returns `undefined` when help was asked for. @throws {@link UsageError} */
export function parseOptions(words: readonly string[], environment: NodeJS.ProcessEnv): Options | undefined {
  const { values, positionals } = parse(words)
  if (values.help === true) return undefined
  const [repository] = positionals
  if (repository === undefined || repository === '') throw new UsageError('name a git repository')
  if (positionals.length > 1) throw new UsageError(`one repository at a time, got ${positionals.length}`)
  if (values.file === '') throw new UsageError('--file needs a path')
  return {
    // npm runs scripts in the project's folder; the user's own is in INIT_CWD.
    repository: resolve(environment['INIT_CWD'] ?? process.cwd(), repository),
    store: storeUrl(values.store, environment['EVENTSPINE_STORE']),
    limit: parseLimit(values.limit),
    file: values.file,
    fresh: values.fresh === true,
  }
}

function parse(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      allowPositionals: true,
      options: {
        store: { type: 'string' },
        limit: { type: 'string' },
        file: { type: 'string' },
        fresh: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    })
  } catch (error) {
    // Node explains at length what a user could have meant by a dash; the first sentence says what is wrong.
    throw new UsageError(error instanceof Error ? (error.message.split(/\.\s/)[0] ?? '') : String(error), {
      cause: error,
    })
  }
}

function storeUrl(given: string | undefined, fromEnvironment: string | undefined): string {
  if (given === '') throw new UsageError('--store needs a URL')
  if (given !== undefined) return given
  return fromEnvironment === undefined || fromEnvironment === '' ? `pglite:${defaultFolder}` : fromEnvironment
}

function parseLimit(text: string | undefined): number {
  if (text === undefined) return Infinity
  const limit = Number(text)
  if (/^[1-9]\d*$/.test(text) && Number.isSafeInteger(limit)) return limit
  throw new UsageError(`--limit must be a count of commits, of at least 1, got ${JSON.stringify(text)}`)
}
