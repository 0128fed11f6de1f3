import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ComparisonResult } from '../harness/compare.ts'
import { resultsDirectory, scratchDirectory } from './directories.ts'

/** What a run found, as it is kept. */
export interface BenchResult {
  readonly format: 1
  readonly target: string
  readonly startedAt: string
  readonly commit: string
  readonly environment: Readonly<Record<string, string | number>>
  readonly scenarios: readonly ScenarioResult[]
}

export interface ScenarioResult {
  readonly name: string
  readonly question: string
  /** Processes waiting for a CPU over the last minute when it started: above 0 something else was at work. */
  readonly loadAverageBefore: number
  readonly comparisons: readonly ComparisonResult[]
  readonly notes: readonly string[]
}

/** Writes a run's results; those of a part of the scenarios, or of a quick look, to a folder that git ignores. */
export async function writeResult(result: BenchResult, whole: boolean): Promise<string> {
  const directory = whole ? resultsDirectory : scratchDirectory
  await mkdir(directory, { recursive: true })
  const day = result.startedAt.slice(0, 10)
  const path = join(directory, `${day}-${result.target}-${result.commit}.json`)
  await writeFile(path, `${JSON.stringify(result, rounded, 2)}\n`)
  return path
}

/** The latest kept result of each target. */
export async function latestResults(): Promise<readonly BenchResult[]> {
  const latest = new Map<string, BenchResult>()
  for (const name of await readdir(resultsDirectory)) {
    if (!name.endsWith('.json')) continue
    // Written by writeResult.
    const result = JSON.parse(await readFile(join(resultsDirectory, name), 'utf8')) as BenchResult
    const standing = latest.get(result.target)
    if (standing === undefined || standing.startedAt < result.startedAt) latest.set(result.target, result)
  }
  return [...latest.values()].sort((a, b) => (a.target < b.target ? -1 : 1))
}

/** Four digits: more would claim a precision that no measurement has. */
function rounded(_key: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value
}
