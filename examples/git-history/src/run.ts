import { type Backend, type ConsumerNotice, type EventStoreError, open } from '@eventspine/core'
import { adapters } from './adapters.ts'
import { catchUp } from './catch-up.ts'
import { fileHistory } from './file-history.ts'
import { type HeadCommit, openRepository, type Repository } from './git/repository.ts'
import type { Options } from './options.ts'
import { printable } from './printable.ts'
import type { Progress, ProgressOptions } from './progress.ts'
import { replay, type Replayed } from './replay.ts'
import { findStreams } from './stored-tip.ts'
import type { StreamNames } from './stream-names.ts'
import { projectTree } from './tree-projection.ts'
import { compareTree } from './verify.ts'

/** Where a run tells what it does. */
export interface Output {
  readonly print: (line: string) => void
  readonly startProgress: (options: ProgressOptions) => Progress
}

/**
 * Replays, projects and verifies.
 *
 * @returns whether the projected tree is git's.
 */
export async function run(options: Options, output: Output, signal: AbortSignal): Promise<boolean> {
  const { print } = output
  const repository = await openRepository(options.repository)
  const branch = printable(repository.branch.toString('utf8'))
  if (repository.head === undefined) {
    print(`verified: 0 files at ${branch}, which has no commit yet (0 commits, 0 events, 0 events/s)`)
    return true
  }
  const { hash, root, commits, shallow } = repository.head
  const oldest = shallow ? `, a shallow clone that starts at ${root.slice(0, 12)}` : ''
  print(`${repository.path}: ${branch} at ${hash.slice(0, 12)}, ${count(commits, 'commit')}${oldest}`)
  await using backend = await open(options.store, adapters, { create: true })
  const names = await findStreams(backend.store, repository.branch, root, options.fresh)
  print(`store ${backend.name}, streams ${names.branch} and ${names.filePrefix}…`)
  return await new Run(backend, repository, repository.head, names, output).run(options, signal)
}

class Run {
  readonly #backend: Backend
  readonly #repository: Repository
  readonly #head: HeadCommit
  readonly #names: StreamNames
  readonly #output: Output
  #progress: Progress | undefined
  #lastRetryAtMs = -Infinity

  constructor(
    backend: Backend,
    repository: Repository,
    head: HeadCommit,
    names: StreamNames,
    output: Output,
  ) {
    this.#backend = backend
    this.#repository = repository
    this.#head = head
    this.#names = names
    this.#output = output
  }

  async run({ limit, file }: Options, signal: AbortSignal): Promise<boolean> {
    await using tree = await projectTree(this.#backend, (notice) => this.#reportNotice(notice))
    const replayed = await this.#replay(limit, signal)
    const { commits, events, seconds } = replayed.written
    this.#output.print(
      `wrote ${count(events, 'event')} of ${count(commits, 'commit')} in ${seconds.toFixed(1)} s`,
    )
    const replayedAt = performance.now()
    const onRetry = (error: EventStoreError): void => this.#reportRetry(error)
    await catchUp({ store: this.#backend.store, projection: tree, output: this.#output, onRetry, signal })
    const waitedSeconds = (performance.now() - replayedAt) / 1000
    this.#output.print(`the tree was caught up ${waitedSeconds.toFixed(1)} s later`)
    if (file !== undefined) {
      for await (const line of fileHistory(this.#backend.store, this.#names, file)) this.#output.print(line)
    }
    return await this.#verify(replayed)
  }

  async #replay(limit: number, signal: AbortSignal): Promise<Replayed> {
    try {
      return await replay({
        store: this.#backend.store,
        names: this.#names,
        path: this.#repository.path,
        head: this.#head,
        limit,
        signal,
        observer: {
          onStart: (stored, last) => {
            if (stored > 0) this.#output.print(`${count(stored, 'commit')} of ${last} stored already`)
            this.#progress = this.#output.startProgress({
              label: 'replaying',
              unit: 'commits',
              total: last,
              done: stored,
            })
          },
          onProgress: (commits, events) => this.#progress?.update(commits, events),
          onRetry: (error) => this.#reportRetry(error),
        },
      })
    } finally {
      this.#progress?.stop()
    }
  }

  async #verify({ commit, commits, events, written }: Replayed): Promise<boolean> {
    const { path } = this.#repository
    const { files, differences } = await compareTree(this.#backend.documents, this.#names, path, commit)
    for (const difference of differences) this.#output.print(difference)
    if (differences.length > 0) {
      this.#output.print(`not verified: ${count(differences.length, 'difference')} at ${commit}`)
      return false
    }
    const rate = written.events === 0 ? 0 : Math.round(written.events / written.seconds)
    const what = `${count(commits, 'commit')}, ${count(events, 'event')}, ${rate} events/s`
    this.#output.print(`verified: ${count(files, 'file')} at ${commit} (${what})`)
    return true
  }

  #reportNotice(notice: ConsumerNotice): void {
    if (notice.kind !== 'park' && notice.kind !== 'stop') return
    const reason = notice.error instanceof Error ? notice.error.message : String(notice.error)
    this.#output.print(`the tree lacks an event of ${printable(notice.event.streamId)}: ${reason}`)
  }

  #reportRetry({ message }: EventStoreError): void {
    // All that is under way fails at once.
    if (performance.now() - this.#lastRetryAtMs < 1000) return
    this.#lastRetryAtMs = performance.now()
    if (this.#progress === undefined) process.stderr.write(`trying again: ${message}\n`)
    else this.#progress.note(`trying again: ${message}`)
  }
}

function count(value: number, unit: string): string {
  return `${value} ${unit}${value === 1 ? '' : 's'}`
}
