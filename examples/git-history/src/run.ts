import { type Backend, type ConsumerNotice, open, type Subscription } from '@eventspine/core'
import { adapters } from './adapters.ts'
import { fileHistory } from './file-history.ts'
import { openRepository, type HeadCommit, type Repository } from './git/repository.ts'
import type { Options } from './options.ts'
import { printable } from './printable.ts'
import { startProgress } from './progress.ts'
import { replay, type Replayed } from './replay.ts'
import { findStreams } from './stored-tip.ts'
import type { StreamNames } from './stream-names.ts'
import { projectTree } from './tree-projection.ts'
import { compareTree } from './verify.ts'

export type Print = (line: string) => void

/**
 * Replays, projects and verifies.
 *
 * @returns whether the projected tree is git's.
 */
export async function run(options: Options, print: Print, signal: AbortSignal): Promise<boolean> {
  const repository = await openRepository(options.repository)
  const { head } = repository
  const branch = printable(repository.branch.toString('utf8'))
  if (head === undefined) {
    print(`verified: 0 files at ${branch}, which has no commit yet (0 commits, 0 events, 0 events/s)`)
    return true
  }
  const oldest = head.shallow ? `, a shallow clone that starts at ${head.root.slice(0, 12)}` : ''
  print(
    `${repository.path}: ${branch} at ${head.hash.slice(0, 12)}, ${count(head.commits, 'commit')}${oldest}`,
  )
  await using backend = await open(options.store, adapters, { create: true })
  const names = await findStreams(backend.store, repository.branch, head.root, options.fresh)
  print(`store ${backend.name}, streams ${names.branch} and ${names.filePrefix}…`)
  return await replayAndVerify(backend, repository, head, names, options, print, signal)
}

async function replayAndVerify(
  backend: Backend,
  repository: Repository,
  head: HeadCommit,
  names: StreamNames,
  options: Options,
  print: Print,
  signal: AbortSignal,
): Promise<boolean> {
  await using tree = await projectTree(backend, (notice) => reportNotice(notice, print))
  const replayed = await replayWithProgress(backend, repository, head, names, options, print, signal)
  const { written } = replayed
  print(
    `wrote ${count(written.events, 'event')} of ${count(written.commits, 'commit')} in ${written.seconds.toFixed(1)} s`,
  )
  const waitedSeconds = await catchUp(backend, tree, signal)
  print(`the tree was caught up ${waitedSeconds.toFixed(1)} s later`)
  if (options.file !== undefined)
    for await (const line of fileHistory(backend.store, names, options.file)) print(line)
  const { files, differences } = await compareTree(backend.documents, names, repository.path, replayed.commit)
  for (const difference of differences) print(difference)
  print(
    differences.length === 0
      ? verdict(files, replayed)
      : `not verified: ${count(differences.length, 'difference')} at ${replayed.commit}`,
  )
  return differences.length === 0
}

async function replayWithProgress(
  backend: Backend,
  { path }: Repository,
  head: HeadCommit,
  names: StreamNames,
  { limit }: Options,
  print: Print,
  signal: AbortSignal,
): Promise<Replayed> {
  let progress: ReturnType<typeof startProgress> | undefined
  let lastRetryAtMs = -Infinity
  try {
    return await replay({
      store: backend.store,
      names,
      path,
      head,
      limit,
      signal,
      observer: {
        onStart: (storedCommits, lastCommit) => {
          if (storedCommits > 0) print(`${count(storedCommits, 'commit')} of ${lastCommit} stored already`)
          progress = startProgress({
            label: 'replaying',
            unit: 'commits',
            total: lastCommit,
            done: storedCommits,
          })
        },
        onProgress: (commits, events) => progress?.update(commits, events),
        onRetry: (error) => {
          // All that is under way fails at once.
          if (performance.now() - lastRetryAtMs < 1000) return
          lastRetryAtMs = performance.now()
          progress?.note(`trying again: ${error.message}`)
        },
      },
    })
  } finally {
    progress?.stop()
  }
}

/** Waits until the projection has handled all that the store holds. */
async function catchUp({ store }: Backend, tree: Subscription, signal: AbortSignal): Promise<number> {
  const startedAt = performance.now()
  const heads = await Promise.all(
    Array.from({ length: store.partitions }, (_, partition) => store.feedHead(partition)),
  )
  const caughtUp = Promise.all(heads.map((position) => tree.caughtUpTo(position, { signal })))
  const stopShowing = showLag(tree)
  try {
    await caughtUp
  } finally {
    stopShowing()
  }
  return (performance.now() - startedAt) / 1000
}

function showLag(tree: Subscription): () => void {
  let progress: ReturnType<typeof startProgress> | undefined
  let total = 0
  const show = async (): Promise<void> => {
    const lag = (await tree.lag()).reduce((sum, { events }) => sum + events, 0)
    if (progress === undefined) {
      total = lag
      progress = startProgress({ label: 'building the tree', unit: 'events', total, done: 0 })
    }
    progress.update(total - lag, total - lag)
  }
  // A failure to read the lag is one to catch up as well, which is awaited.
  const timer = setInterval(() => void show().catch(() => clearInterval(timer)), 500)
  return () => {
    clearInterval(timer)
    progress?.stop()
  }
}

function reportNotice(notice: ConsumerNotice, print: Print): void {
  if (notice.kind !== 'park' && notice.kind !== 'stop') return
  const reason = notice.error instanceof Error ? notice.error.message : String(notice.error)
  print(
    `the tree's projection met an event that it cannot handle, of ${printable(notice.event.streamId)}: ${reason}`,
  )
}

function verdict(files: number, { commit, commits, events, written }: Replayed): string {
  const rate = written.events === 0 ? 0 : Math.round(written.events / written.seconds)
  return `verified: ${count(files, 'file')} at ${commit} (${count(commits, 'commit')}, ${count(events, 'event')}, ${rate} events/s)`
}

function count(value: number, unit: string): string {
  return `${value} ${unit}${value === 1 ? '' : 's'}`
}
