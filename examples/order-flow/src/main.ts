import { EventStoreError } from '@eventspine/core'
import { ServerStartError } from '@eventspine/servers'
import type { Check } from './audit/check-flow.ts'
import type { Fleet } from './flow/fleet.ts'
import { createLogFolder, removeLogFolder } from './flow/folders.ts'
import { paintFor, type Paint } from './flow/paint.ts'
import { runFlow, type FlowResult } from './flow/run-flow.ts'
import { provideServers } from './flow/servers.ts'
import { openView } from './flow/view.ts'
import { type Options, parseOptions, usage, UsageError } from './options.ts'

/** Ctrl-C. */
class Stopped extends Error {}

const PROBLEMS_SHOWN = 10

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // Whoever reads, such as `head`, has read enough.
  if (error.code === 'EPIPE') process.exit()
  throw error
})

process.exitCode = await main()

async function main(): Promise<number> {
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      // Asked twice, it lets nothing finish: servers and services end with this process.
      if (stop.signal.aborted) process.exit(130)
      stop.abort(new Stopped('stopped'))
    })
  }
  try {
    const options = parseOptions(process.argv.slice(2), process.env)
    if (options === undefined) {
      console.log(usage)
      return 0
    }
    return await run(options, stop.signal)
  } catch (error) {
    return report(stop.signal.aborted ? stop.signal.reason : error)
  }
}

async function run(options: Options, signal: AbortSignal): Promise<number> {
  const paint = paintFor(process.stdout, process.env)
  const view = openView(process.stdout, process.env, paint)
  await using servers = await provideServers({
    ...options,
    onStart: (text) => view.note({ atMs: 0, text }),
  })
  const logFolder = await createLogFolder(process.env)
  let fleet: Fleet | undefined
  const dropFleet = (): void => fleet?.drop()
  process.once('exit', dropFleet)
  let isConsistent = false
  try {
    const onFleet = (started: Fleet): void => void (fleet = started)
    const result = await runFlow({ ...options, servers, logFolder, view, onFleet, signal })
    view.end()
    isConsistent = printVerdict(result, options, paint)
  } finally {
    process.off('exit', dropFleet)
    // Before a process was started there is nothing in them.
    if (isConsistent || signal.aborted || fleet === undefined) await removeLogFolder(logFolder)
    else console.error(`order-flow: the logs of all processes are in ${logFolder}`)
  }
  return isConsistent ? 0 : 1
}

function printVerdict(result: FlowResult, { orders, seed }: Options, paint: Paint): boolean {
  const { checks, kills, seconds, sentAgain, lostAnswers } = result
  const problems = checks.reduce((sum, check) => sum + check.problems.length, 0)
  console.log('')
  for (const check of checks) printCheck(check, paint)
  const run = `${orders} orders, ${kills} processes killed, ${seconds.toFixed(0)} s, seed ${seed}`
  console.log(
    `  ${sentAgain} commands had to be sent again; ${lostAnswers} of them had happened, and happened once`,
  )
  const verdict =
    problems === 0 ? paint(['bold', 'green'], 'consistent') : paint(['bold', 'red'], 'not consistent')
  console.log(`${verdict}: ${problems === 0 ? run : `${problems} problems; ${run}`}`)
  return problems === 0
}

function printCheck({ promise, problems }: Check, paint: Paint): void {
  const mark = problems.length === 0 ? paint('green', '✓') : paint('red', '✗')
  console.log(`  ${mark} ${promise}`)
  for (const problem of problems.slice(0, PROBLEMS_SHOWN)) console.log(`      ${problem}`)
  if (problems.length > PROBLEMS_SHOWN) console.log(`      and ${problems.length - PROBLEMS_SHOWN} more`)
}

function report(error: unknown): number {
  if (error instanceof UsageError) {
    console.error(`order-flow: ${error.message}\n\n${usage}`)
    return 2
  }
  if (error instanceof Stopped) {
    console.error('order-flow: stopped')
    return 130
  }
  if (EventStoreError.is(error)) console.error(`order-flow: ${error.message} (${error.code})`)
  else if (error instanceof ServerStartError) console.error(`order-flow: ${error.message}`)
  // Nothing else should happen: whoever looks into it needs to know where it did.
  else console.error(error)
  return 1
}
