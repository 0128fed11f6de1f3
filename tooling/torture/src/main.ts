import { parseArgs } from 'node:util'
import { join } from 'node:path'
import { tortureDirectory } from './torture-directory.ts'
import { runTorture } from './run-torture.ts'
import { roundLine, summaryLines } from './summary.ts'
import type { Blow } from './blow.ts'
import { blowsOf, targetNames, type TargetName } from './target.ts'

const usage = `Kills processes and servers under load, and checks that the store kept its promises.

  npm run torture -- ${targetNames.join('|')} [--rounds 30] [--seed N] [--streams 5] [--writers 8] [--partitions 2]
                    [--blows before-send,sent,replied,random,server,paused]

The same seed gives the same programs and the same blows; what they meet is up to the machine.
Ends with exit code 1 when a promise was broken, and says where the history lies that shows it.`

interface Arguments {
  readonly target: TargetName
  readonly rounds: number
  readonly seed: number
  readonly streams: number
  readonly writers: number
  readonly partitions: number
  readonly blows: readonly Blow[]
}

function readArguments(): Arguments {
  const text = { type: 'string' } as const
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { rounds: text, seed: text, streams: text, writers: text, partitions: text, blows: text },
  })
  const target = targetNames.find((name) => name === positionals[0])
  if (target === undefined || positionals.length !== 1)
    throw new RangeError(`name one of ${targetNames.join(', ')}`)
  const blows = values.blows?.split(',').map((name): Blow => {
    const blow = blowsOf(target).find((known) => known === name)
    if (blow === undefined)
      throw new RangeError(`--blows of ${target} are ${blowsOf(target).join(', ')}, not ${name}`)
    return blow
  })
  const read = (name: Exclude<keyof typeof values, 'blows'>, standard: number): number => {
    const text = values[name]
    if (text === undefined) return standard
    const value = Number(text)
    if (!Number.isSafeInteger(value) || value < 1)
      throw new RangeError(`--${name} must be a positive integer, got ${text}`)
    return value
  }
  return {
    target,
    rounds: read('rounds', 30),
    seed: read('seed', Math.floor(Math.random() * 2 ** 31) + 1),
    streams: read('streams', 5),
    writers: read('writers', 8),
    partitions: read('partitions', 2),
    blows: blows ?? blowsOf(target),
  }
}

async function main(): Promise<number> {
  let options: Arguments
  try {
    options = readArguments()
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}\n`)
    return 2
  }
  const { target, rounds, seed } = options
  process.stdout.write(`${target}, ${rounds} rounds, seed ${seed}\n`)
  const { tally, evidence } = await runTorture({
    ...options,
    directory: join(tortureDirectory(), `${target}-${process.pid}`),
    onRound: (number, round, tookMs) => process.stdout.write(`${roundLine(number, rounds, round, tookMs)}\n`),
  })
  process.stdout.write(`\n${summaryLines(tally, options.blows).join('\n')}\n`)
  if (evidence === undefined) return 0
  for (const { kind, what } of tally.rounds.at(-1)?.violations ?? [])
    process.stdout.write(`${kind}: ${what}\n`)
  process.stdout.write(`\nseed ${seed}; the history that shows it is in ${evidence}\n`)
  return 1
}

process.exitCode = await main()
