import { stat } from 'node:fs/promises'
import { GitError, runGit } from './git-process.ts'

/** What a replay needs to know of a repository, as it was when it was opened. */
export interface Repository {
  /** As given, absolute. */
  readonly path: string
  /** Short name of the branch that HEAD names, in the bytes of its ref; `HEAD` when it names none. */
  readonly branch: Buffer
  /** `undefined`: HEAD names a branch that has no commit yet. */
  readonly head: HeadCommit | undefined
}

export interface HeadCommit {
  readonly hash: string
  /** The first commit of the first-parent history; of a shallow clone, the oldest that it has. */
  readonly root: string
  /** Length of the first-parent history. */
  readonly commits: number
  readonly shallow: boolean
}

// --diff-merges is there since 2.31: https://github.com/git/git/blob/master/Documentation/RelNotes/2.31.0.txt
const OLDEST_GIT = [2, 31] as const

/**
 * Looks at the repository around `path`: a work tree, a folder within it, or a bare one.
 *
 * @throws {@link GitError} no git, a git before 2.31, no such folder, no repository, or one that git refuses.
 */
export async function openRepository(path: string): Promise<Repository> {
  if (!(await isFolder(path))) throw new GitError(`there is no folder ${JSON.stringify(path)}`)
  await checkGitVersion(path)
  const shallow = await isShallow(path)
  const branch = await branchOf(path)
  const hash = await answer(path, ['rev-parse', '--verify', '--quiet', 'HEAD'])
  if (hash === undefined) return { path, branch, head: undefined }
  const commit = hash.toString('latin1')
  const commits = Number(
    (await runGit(path, ['rev-list', '--first-parent', '--count', commit])).toString('latin1'),
  )
  const root = (await runGit(path, ['rev-list', '--first-parent', '--max-parents=0', commit])).toString(
    'latin1',
  )
  return { path, branch, head: { hash: commit, root, commits, shallow } }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return false
    throw new GitError(`the folder ${JSON.stringify(path)} cannot be read`, undefined, error)
  }
}

async function checkGitVersion(path: string): Promise<void> {
  const version = (await runGit(path, ['version'])).toString('latin1')
  const [, major, minor] = /(\d+)\.(\d+)/.exec(version) ?? []
  const [oldestMajor, oldestMinor] = OLDEST_GIT
  if (Number(major) > oldestMajor || (Number(major) === oldestMajor && Number(minor) >= oldestMinor)) return
  throw new GitError(`git ${OLDEST_GIT.join('.')} or later is needed, this is "${version}"`)
}

async function isShallow(path: string): Promise<boolean> {
  try {
    return (await runGit(path, ['rev-parse', '--is-shallow-repository'])).toString('latin1') === 'true'
  } catch (error) {
    if (!(error instanceof GitError) || !error.message.includes('not a git repository')) throw error
    throw new GitError(`${JSON.stringify(path)} is not in a git repository`, error.exitCode, error)
  }
}

async function branchOf(path: string): Promise<Buffer> {
  const ref = await answer(path, ['symbolic-ref', '--quiet', 'HEAD'])
  if (ref === undefined) return Buffer.from('HEAD')
  const prefix = 'refs/heads/'
  return ref.toString('latin1').startsWith(prefix) ? ref.subarray(prefix.length) : ref
}

/** Git's answer to a question that it answers with exit code 1 when there is none. */
async function answer(path: string, words: readonly string[]): Promise<Buffer | undefined> {
  try {
    return await runGit(path, words)
  } catch (error) {
    if (error instanceof GitError && error.exitCode === 1) return undefined
    throw error
  }
}
