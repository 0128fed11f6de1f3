import { execFileSync } from 'node:child_process'
import { cpus, platform, release, totalmem } from 'node:os'
import { benchmarksDirectory } from './report/directories.ts'

/** What is the same for every target of this machine. */
export function machineEnvironment(): Readonly<Record<string, string | number>> {
  const processors = cpus()
  return {
    node: process.versions.node,
    v8: process.versions.v8,
    system: `${platform()} ${release()}`,
    cpu: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
  }
}

/** The commit that is measured, in short form; `-dirty` where packages or benchmarks differ from it. */
export function measuredCommit(): string {
  const commit = git('rev-parse', '--short=10', 'HEAD')
  const changes = git('status', '--porcelain', '--', ':/packages', ':/benchmarks/src')
  return changes === '' ? commit : `${commit}-dirty`
}

function git(...words: readonly string[]): string {
  return execFileSync('git', words, { cwd: benchmarksDirectory, encoding: 'utf8' }).trim()
}
