import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const main = new URL('../src/main.ts', import.meta.url)
/** The same, but killed in the middle: see there. */
export const killedMain = new URL('killed-main.ts', import.meta.url)

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunningCommand {
  readonly ended: Promise<Ended>
  /** Resolves when stdout holds `text`, or the command has ended. */
  printed(text: string): Promise<void>
  kill(signal: NodeJS.Signals): void
}

/** Starts the example as users do, in a process of its own. */
export function startCommand(
  words: readonly string[],
  environment: NodeJS.ProcessEnv = {},
  program = main,
): RunningCommand {
  const child = spawn(
    process.execPath,
    ['--conditions=@eventspine/source', '--import', 'tsx', fileURLToPath(program), ...words],
    {
      cwd: fileURLToPath(new URL('..', import.meta.url)),
      env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', EVENTSPINE_STORE: 'memory:', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  let stdout = ''
  let stderr = ''
  let look = (): void => undefined
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk
    look()
  })
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk))
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve({ code, signal, stdout, stderr }))
  })
  return {
    ended,
    kill: (signal) => child.kill(signal),
    printed: async (text) => {
      const seen = new Promise<void>((resolve) => {
        look = () => {
          if (stdout.includes(text)) resolve()
        }
        look()
      })
      await Promise.race([seen, ended])
    },
  }
}

export function runCommand(words: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<Ended> {
  return startCommand(words, environment).ended
}
