import { spawn, type ChildProcess } from 'node:child_process'
import { createWriteStream, readFileSync } from 'node:fs'
import { once } from 'node:events'
import { join } from 'node:path'
import { repositoryRoot } from '../repository-root.ts'

/** A program to run in the root of the repository. */
export interface Command {
  readonly program: string
  readonly words: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
}

/** How a program ended. */
export interface CommandResult {
  /** `undefined` when a signal ended it. */
  readonly exitCode: number | undefined
  readonly output: string
}

/** A program that a package of the root brings. */
export function localProgram(program: string, ...words: readonly string[]): Command {
  return { program: join(repositoryRoot, 'node_modules', '.bin', program), words }
}

const running = new Set<ChildProcess>()

/** Passes a signal on to every program that runs now. */
export function signalCommands(signal: NodeJS.Signals): void {
  for (const child of running) child.kill(signal)
}

/** Runs the program to its end; all it prints is added to the log. */
export async function runCommand(command: Command, logPath: string): Promise<CommandResult> {
  const log = createWriteStream(logPath, { flags: 'a' })
  log.write(`$ ${[command.program, ...command.words].join(' ')}\n`)
  const child = spawn(command.program, command.words, {
    cwd: repositoryRoot,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      ...command.environment,
      // A log is no terminal; and these tools report their use unless told not to.
      NO_COLOR: '1',
      FORCE_COLOR: '0',
      DO_NOT_TRACK: '1',
      TURBO_TELEMETRY_DISABLED: '1',
    },
  })
  running.add(child)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8')
    stream.on('data', (text: string) => {
      output += text
      log.write(text)
    })
  }
  const exitCode = await new Promise<number | undefined>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve(code ?? undefined))
  }).finally(() => running.delete(child))
  log.end()
  await once(log, 'close')
  return { exitCode, output }
}

/** The last lines of a log, for people. */
export function tailOf(logPath: string, lines: number): string {
  return readFileSync(logPath, 'utf8').trimEnd().split('\n').slice(-lines).join('\n')
}
