import { startPostgres } from '@eventspine/servers'
import { parseArgs } from 'node:util'
import { installPeer } from '../peers/install-peer.ts'
import { endProgress, showProgress } from '../report/print.ts'
import type { ContenderPlace } from './contender.ts'
import { type ContenderEntry, contenders } from './contenders.ts'
import { type LeagueResult, leagueTable, writeLeaguePage } from './league-page.ts'
import { runTrial } from './run-league.ts'
import { fail, type Verdict } from './trial.ts'
import { trials } from './trials.ts'

const usage = `Asks several event stores the same eight questions of correctness, on a PostgreSQL started for it.

  npm run league                     all trials of all contenders; peers are installed when first needed
  --contender ID                     only this one; may be repeated: ${contenders.map(({ id }) => id).join(', ')}
  --trial ID                         only this one; may be repeated: ${trials.map(({ id }) => id).join(', ')}
  --seed N                           of the random script; a run prints its own
  --write                            writes the verdicts into docs/league.md
`

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      contender: { type: 'string', multiple: true },
      trial: { type: 'string', multiple: true },
      seed: { type: 'string' },
      write: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help === true) return say(usage)
  const chosenContenders = contenders.filter(({ id }) => values.contender?.includes(id) ?? true)
  const chosenTrials = trials.filter(({ id }) => values.trial?.includes(id) ?? true)
  if (chosenContenders.length === 0 || chosenTrials.length === 0) throw new RangeError(usage)
  const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed)
  if (!Number.isSafeInteger(seed)) throw new RangeError('--seed takes a whole number')
  say(`seed ${seed}\n`)
  const server = await startPostgres()
  const results: LeagueResult[] = []
  try {
    for (const entry of chosenContenders) {
      const place = await placeOf(entry)
      const verdicts = new Map<string, Verdict>()
      say(`\n${entry.name}\n`)
      for (const trial of chosenTrials) {
        showProgress(`${entry.name}: ${trial.id}`)
        const verdict =
          typeof place === 'string' ? fail(place) : await runTrial(server.url, place, trial, seed)
        endProgress()
        say(`  ${verdict.outcome.padEnd(11)}  ${trial.id}: ${verdict.evidence}\n`)
        verdicts.set(trial.id, verdict)
      }
      results.push({ entry, verdicts })
    }
  } finally {
    await server.stop()
  }
  say(`\n${leagueTable(results)}\n`)
  if (values.write === true) say(`wrote ${await writeLeaguePage(results)}\n`)
  if (results.some(({ entry, verdicts }) => entry.peer === undefined && !allPassed(verdicts)))
    process.exitCode = 1
}

/** Where a contender is, or why it is not there. */
async function placeOf({ id, peer }: ContenderEntry): Promise<ContenderPlace | string> {
  if (peer === undefined) return { id, folder: undefined }
  const installed = await installPeer(peer)
  return installed.installed
    ? { id, folder: installed.folder }
    : `it could not be installed: ${installed.reason}`
}

function allPassed(verdicts: ReadonlyMap<string, Verdict>): boolean {
  return [...verdicts.values()].every(({ outcome }) => outcome === 'pass')
}

function say(text: string): void {
  process.stdout.write(text)
}

await main()
