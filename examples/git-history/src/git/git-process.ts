import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'

/** Git refused, failed or is not there. The message is one line for people. */
export class GitError extends Error {
  override readonly name = 'GitError'
  /** Git's exit code; `undefined` when it never ran or was killed. */
  readonly exitCode: number | undefined

  constructor(message: string, exitCode?: number, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.exitCode = exitCode
  }
}

const MAX_STDERR_CHARACTERS = 8192

/**
 * Runs git on the repository at `path` and streams what it prints. Git waits while the reader does: nothing
 * is read ahead but a pipe's worth. A reader that stops early ends git.
 *
 * @throws {@link GitError} git is missing, or ended with another exit code than 0.
 */
export async function* streamGit(path: string, words: readonly string[]): AsyncGenerator<Buffer> {
  // Replacements would show another history than the hashes name.
  const child = spawn('git', ['--no-replace-objects', '-C', path, ...words], {
    env: environment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  await spawned(child)
  const ended = once(child, 'close')
  const stderr = collect(child.stderr)
  let complete = false
  try {
    // A stream of a child process without an encoding gives buffers.
    for await (const chunk of child.stdout as AsyncIterable<Buffer>) yield chunk
    complete = true
  } finally {
    if (!complete) child.kill()
    await ended
  }
  if (child.exitCode !== 0) throw failed(words, child.exitCode ?? undefined, child.signalCode, stderr())
}

/** What git prints, whole: for answers of a few lines. Ends of lines at its end are cut. */
export async function runGit(path: string, words: readonly string[]): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of streamGit(path, words)) chunks.push(chunk)
  const output = Buffer.concat(chunks)
  return output.at(-1) === 0x0a ? output.subarray(0, -1) : output
}

// What `git rev-parse --local-env-vars` lists without configuration: they would redirect git to another
// repository than the one asked for. A hook, for one, runs with GIT_DIR set.
const REDIRECTING = [
  'GIT_ALTERNATE_OBJECT_DIRECTORIES',
  'GIT_COMMON_DIR',
  'GIT_DIR',
  'GIT_GRAFT_FILE',
  'GIT_INDEX_FILE',
  'GIT_NAMESPACE',
  'GIT_OBJECT_DIRECTORY',
  'GIT_PREFIX',
  'GIT_SHALLOW_FILE',
  'GIT_WORK_TREE',
]

function environment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !REDIRECTING.includes(name))
  // Messages are recognised in English, and nothing asks for a password that nobody sees.
  return { ...Object.fromEntries(kept), LC_ALL: 'C', GIT_OPTIONAL_LOCKS: '0', GIT_TERMINAL_PROMPT: '0' }
}

type GitProcess = ChildProcessByStdio<null, Readable, Readable>

async function spawned(child: GitProcess): Promise<void> {
  try {
    await once(child, 'spawn')
  } catch (cause) {
    const missing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT'
    throw new GitError(
      missing ? 'git is not installed, or not on the PATH' : 'git could not be started',
      undefined,
      cause,
    )
  }
}

function collect(stream: Readable): () => string {
  let text = ''
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    if (text.length < MAX_STDERR_CHARACTERS) text += chunk
  })
  return () => text
}

function failed(
  words: readonly string[],
  code: number | undefined,
  signal: string | null,
  stderr: string,
): GitError {
  const line = stderr.split('\n').find((line) => /^(fatal|error):/.test(line)) ?? stderr.split('\n')[0] ?? ''
  const reason = line === '' ? `it ended with ${signal ?? `exit code ${code}`}` : line
  return new GitError(`git ${words[0]}: ${reason}`, code)
}
