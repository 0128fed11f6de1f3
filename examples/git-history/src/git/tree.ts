import type { FileVersion } from './history.ts'
import { GitError, streamGit } from './git-process.ts'
import { nulRecords } from './nul-records.ts'

export interface TreeFile extends FileVersion {
  readonly path: Buffer
}

/** Streams the files, links and submodules of a commit's tree as `git ls-tree` lists them. */
export async function* readTree(path: string, commit: string): AsyncGenerator<readonly TreeFile[]> {
  for await (const records of nulRecords(streamGit(path, ['ls-tree', '-r', '-z', '--full-tree', commit]))) {
    yield records.map(parseFile)
  }
}

function parseFile(record: Buffer): TreeFile {
  // `mode type id<TAB>path`: the first tab, since a path may hold more.
  const tab = record.indexOf(0x09)
  const [mode = '', , blob = ''] = record.toString('latin1', 0, tab).split(' ')
  if (tab === -1 || blob === '') throw new GitError('git ls-tree printed an entry that cannot be read')
  return { path: record.subarray(tab + 1), mode, blob }
}
