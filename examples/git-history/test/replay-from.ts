import { open } from '@eventspine/core'
import { adapters } from '../src/adapters.ts'
import type { Options } from '../src/options.ts'
import type { Progress } from '../src/progress.ts'
import { run } from '../src/run.ts'
import { recordedStreams, type RecordedStreams } from './recorded-streams.ts'

let stores = 0

/** Runs the whole command in this process; into a new store in memory unless one is given. */
export async function replayFrom(repository: string, options: Partial<Options> = {}) {
  const { store = `memory:git-history-${++stores}` } = options
  const lines: string[] = []
  const complete = { repository, limit: Infinity, file: undefined, fresh: false, ...options, store }
  const verified = await run(
    complete,
    { print: (line) => lines.push(line), startProgress: noProgress },
    new AbortController().signal,
  )
  return { verified, lines, store, last: lines.at(-1) ?? '' }
}

function noProgress(): Progress {
  return { update: () => undefined, note: () => undefined, stop: () => undefined }
}

export async function streamsIn(store: string): Promise<RecordedStreams> {
  await using backend = await open(store, adapters)
  return await recordedStreams(backend.store)
}

export function withoutRate(line: string): string {
  return line.replace(/\d+ events\/s/, 'R events/s')
}
