import { parseArgs } from 'node:util'
import { join } from 'node:path'
import type { Violation } from '@eventspine/conformance'
import { relayBlows } from './relay/relay-blow.ts'
import { relaySummaryLines } from './relay/relay-summary.ts'
import { relayTargetNames } from './relay/relay-target.ts'
import { runRelayTorture } from './relay/run-relay-torture.ts'
import { tortureDirectory } from './torture-directory.ts'
import { runTorture } from './run-torture.ts'
import { roundLine, summaryLines } from './summary.ts'
import { blowsOf, targetNames } from './target.ts'

const usage = `Kills processes and servers under load, and checks that every promise was kept.

  npm run torture -- ${[...targetNames, ...relayTargetNames].join('|')}
                    [--rounds 30] [--seed N] [--streams 5] [--writers 8] [--partitions 2]
                    [--blows ${blowsOf('redis').join(',')}]
                    of relays: [--blows ${relayBlows.join(',')}]

The same seed gives the same programs and the same blows; what they meet is up to the machine.
Ends with exit code 1 when a promise was broken, and says what shows it.`

interface Arguments {
  readonly rounds: number
  readonly seed: number
  readonly streams: number
  readonly writers: number
  readonly partitions: number
}

function readArguments() {
  const text = { type: 'string' } as const
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { rounds: text, seed: text, streams: text, writers: text, partitions: text, blows: text },
  })
  const read = (name: Exclude<keyof typeof values, 'blows'>, standard: number): number => {
    const text = values[name]
    if (text === undefined) return standard
    const value = Number(text)
    if (!Number.isSafeInteger(value) || value < 1)
      throw new RangeError(`--${name} must be a positive integer, got ${text}`)
    return value
  }
  const choose = <Blow extends string>(blows: readonly Blow[]): readonly Blow[] =>
    values.blows?.split(',').map((name) => {
      const blow = blows.find((known) => known === name)
      if (blow === undefined) throw new RangeError(`--blows are ${blows.join(', ')}, not ${name}`)
      return blow
    }) ?? blows
  const numbers: Arguments = {
    rounds: read('rounds', 30),
    seed: read('seed', Math.floor(Math.random() * 2 ** 31) + 1),
    streams: read('streams', 5),
    writers: read('writers', 8),
    partitions: read('partitions', 2),
  }
  const [name] = positionals
  const target = targetNames.find((known) => known === name)
  if (target !== undefined && positionals.length === 1)
    return { ...numbers, kind: 'backend', target, blows: choose(blowsOf(target)) } as const
  const relayTarget = relayTargetNames.find((known) => known === name)
  if (relayTarget !== undefined && positionals.length === 1)
    return { ...numbers, kind: 'relay', target: relayTarget, blows: choose(relayBlows) } as const
  throw new RangeError(`name one of ${[...targetNames, ...relayTargetNames].join(', ')}`)
}

async function tortureBackend(options: Parameters<typeof runTorture>[0]): Promise<boolean> {
  const { rounds, seed, blows } = options
  const { tally, evidence, faults } = await runTorture({
    ...options,
    onRound: (number, round, tookMs) => process.stdout.write(`${roundLine(number, rounds, round, tookMs)}\n`),
  })
  process.stdout.write(`\n${summaryLines(tally, blows, faults).join('\n')}\n`)
  if (evidence === undefined) return true
  tell(tally.rounds.at(-1)?.violations ?? [])
  process.stdout.write(`\nseed ${seed}; the history that shows it is in ${evidence}\n`)
  return false
}

async function tortureRelay(options: Parameters<typeof runRelayTorture>[0]): Promise<boolean> {
  const { rounds, seed, blows } = options
  const result = await runRelayTorture({
    ...options,
    onRound: (number, blow, hit, tookMs) => {
      const count = String(number).padStart(String(rounds).length)
      const name = hit ? blow : `${blow} (not reached)`
      process.stdout.write(`${count}/${rounds}  ${name.padEnd(26)} ${(tookMs / 1000).toFixed(1)} s\n`)
    },
  })
  process.stdout.write(`\n${relaySummaryLines(result, blows).join('\n')}\n`)
  if (result.violations.length === 0) return true
  tell(result.violations)
  process.stdout.write(`\nseed ${seed}\n`)
  return false
}

function tell(violations: readonly Violation[]): void {
  for (const { kind, what } of violations.slice(0, 100)) process.stdout.write(`${kind}: ${what}\n`)
}

async function main(): Promise<number> {
  let options: ReturnType<typeof readArguments>
  try {
    options = readArguments()
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}\n`)
    return 2
  }
  const { rounds, seed } = options
  process.stdout.write(`${options.target}, ${rounds} rounds, seed ${seed}\n`)
  const kept =
    options.kind === 'relay'
      ? await tortureRelay(options)
      : await tortureBackend({
          ...options,
          directory: join(tortureDirectory(), `${options.target}-${process.pid}`),
        })
  return kept ? 0 : 1
}

process.exitCode = await main()
