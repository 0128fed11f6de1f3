import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A path in bytes, or as text. */
export type Path = string | Buffer

/** What becomes of a path: a file with content, a submodule at a commit, or nothing. */
export type Change =
  | { readonly mode: string; readonly content: string }
  | { readonly submodule: string }
  | 'deleted'

export interface TestCommit {
  readonly message?: Path
  readonly author?: string
  /** Seconds since the epoch, and the zone, as git has them. */
  readonly date?: string
  readonly changes?: readonly (readonly [path: Path, change: Change])[]
  /** Second and later parents. */
  readonly merges?: readonly string[]
  /** Default: the commit before on this branch. */
  readonly parent?: string
}

/** A repository in a temporary folder, built by `git fast-import`: it takes what no file system would. */
export class TestRepository implements Disposable {
  readonly path: string
  readonly #folder: string
  #commits = 0

  constructor(
    options: { readonly bare?: boolean; readonly branch?: string; readonly objectFormat?: string } = {},
  ) {
    this.#folder = mkdtempSync(join(tmpdir(), 'git-history-'))
    this.path = join(this.#folder, 'repository')
    const { bare = false, branch = 'main', objectFormat = 'sha1' } = options
    const words = ['init', '--quiet', `--initial-branch=${branch}`, `--object-format=${objectFormat}`]
    runGit(this.#folder, [...words, ...(bare ? ['--bare'] : []), this.path])
  }

  /** Another place next to the repository, for clones. */
  beside(name: string): string {
    return join(this.#folder, name)
  }

  git(...words: readonly string[]): string {
    return runGit(this.path, words).toString('utf8').trimEnd()
  }

  /** Adds commits to a branch, one on the other. Returns the hash of the last. */
  commit(branch: string, commits: readonly TestCommit[]): string {
    const from = this.git('for-each-ref', '--format=%(objectname)', `refs/heads/${branch}`)
    const parts = commits.map((commit, index) =>
      this.#write(branch, commit, index === 0 && from !== '' ? from : undefined),
    )
    runGit(this.path, ['fast-import', '--quiet', '--force'], Buffer.concat([...parts, Buffer.from('done\n')]))
    return this.git('rev-parse', `refs/heads/${branch}`)
  }

  /** Writes an object as it is given. Returns its id. */
  write(type: string, content: string): string {
    const words = ['hash-object', '-w', '--stdin', '-t', type]
    return runGit(this.path, words, Buffer.from(content)).toString('latin1').trimEnd()
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #write(branch: string, commit: TestCommit, from: string | undefined): Buffer {
    this.#commits++
    const { author = 'Ann Author <ann@example.org>', date = `${1_700_000_000 + this.#commits * 60} +0100` } =
      commit
    const { message = `commit ${this.#commits}`, changes = [], merges = [] } = commit
    const parent = commit.parent ?? from
    return Buffer.concat([
      Buffer.from(`commit refs/heads/${branch}\nauthor ${author} ${date}\ncommitter ${author} ${date}\n`),
      data(message),
      Buffer.from(parent === undefined ? '' : `from ${parent}\n`),
      Buffer.from(merges.map((merged) => `merge ${merged}\n`).join('')),
      ...changes.map(([path, change]) => writeChange(path, change)),
      Buffer.from('\n'),
    ])
  }
}

export function file(content: string, mode = '100644'): Change {
  return { mode, content }
}

function writeChange(path: Path, change: Change): Buffer {
  if (change === 'deleted') return Buffer.from(`D ${quoted(path)}\n`)
  if ('submodule' in change) return Buffer.from(`M 160000 ${change.submodule} ${quoted(path)}\n`)
  return Buffer.concat([Buffer.from(`M ${change.mode} inline ${quoted(path)}\n`), data(change.content)])
}

function data(content: Path): Buffer {
  const bytes = Buffer.from(content)
  return Buffer.concat([Buffer.from(`data ${bytes.length}\n`), bytes, Buffer.from('\n')])
}

/** In the quoting of C, which fast-import understands. */
function quoted(path: Path): string {
  return `"${Array.from(Buffer.from(path), (byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('')}"`
}

// The user's settings and, within a hook, git's own variables would lead to other results, or another repository.
const environment = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('GIT_'))),
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_SYSTEM: '/dev/null',
}

function runGit(folder: string, words: readonly string[], input?: Buffer): Buffer {
  const { error, status, stdout, stderr } = spawnSync('git', words, {
    cwd: folder,
    env: environment,
    maxBuffer: 256 * 1024 * 1024,
    ...(input === undefined ? {} : { input }),
  })
  if (error !== undefined) throw new Error('these tests need git on the PATH', { cause: error })
  if (status !== 0) throw new Error(`git ${words.join(' ')}: ${stderr.toString('utf8')}`)
  return stdout
}
