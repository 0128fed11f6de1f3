import { EventStoreError } from '@eventspine/core'
import { NoSuchPathError } from './file-history.ts'
import { GitError } from './git/git-process.ts'
import { HistoryConflictError } from './history-conflict-error.ts'
import { parseOptions, usage, UsageError } from './options.ts'
import { startProgress } from './progress.ts'
import { run } from './run.ts'

/** Ctrl-C: what is stored stays, and another run goes on from there. */
class Stopped extends Error {}

const expected = [GitError, HistoryConflictError, NoSuchPathError, EventStoreError]

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // Whoever reads, such as `head`, has read enough.
  if (error.code === 'EPIPE') process.exit()
  throw error
})

process.exitCode = await main()

async function main(): Promise<number> {
  const stop = new AbortController()
  process.once('SIGINT', () => stop.abort(new Stopped('stopped; run it again to go on')))
  try {
    const options = parseOptions(process.argv.slice(2), process.env)
    if (options === undefined) {
      console.log(usage)
      return 0
    }
    return (await run(options, { print: (line) => console.log(line), startProgress }, stop.signal)) ? 0 : 1
  } catch (error) {
    // Whatever was waited for when it was stopped says so in its own way.
    const stopped = stop.signal.aborted && EventStoreError.is(error, 'ABORTED')
    return report(stopped ? stop.signal.reason : error)
  }
}

function report(error: unknown): number {
  if (error instanceof UsageError) {
    console.error(`git-history: ${error.message}\n\n${usage}`)
    return 2
  }
  if (error instanceof Stopped) {
    console.error(`git-history: ${error.message}`)
    return 130
  }
  if (EventStoreError.is(error)) console.error(`git-history: ${describe(error)}`)
  else if (error instanceof Error && expected.some((kind) => error instanceof kind))
    console.error(`git-history: ${error.message}`)
  // Nothing else should happen: whoever looks into it needs to know where it did.
  else console.error(error)
  return 1
}

/** A store's error may be due to another: a subscription that has ended says why in its cause. */
function describe(error: EventStoreError): string {
  const own = `${error.message} (${error.code})`
  return EventStoreError.is(error.cause) ? `${own}: ${describe(error.cause)}` : own
}
