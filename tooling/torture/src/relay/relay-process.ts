import { type ChildProcess, fork } from 'node:child_process'
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { waitUntil } from '@eventspine/servers'
import type { Life, Report } from './life.ts'

/** A relay in a process of its own, to be killed. */
export class RelayProcess {
  readonly #process: ChildProcess
  readonly #reports: Report[] = []
  #exited = false

  constructor() {
    const loader = createRequire(import.meta.url).resolve('tsx')
    const execArgv = ['--conditions=@eventspine/source', '--import', pathToFileURL(loader).href]
    const program = fileURLToPath(new URL('./relay-program.ts', import.meta.url))
    this.#process = fork(program, [], { execArgv, serialization: 'json' })
    // The other side sends nothing else.
    this.#process.on('message', (message) => this.#reports.push(message as Report))
    this.#process.once('exit', () => (this.#exited = true))
  }

  async start(life: Life): Promise<void> {
    await this.#reported('ready')
    this.#process.send(life)
  }

  get exited(): boolean {
    return this.#exited
  }

  /** Why it ended by itself, which none should. */
  get failure(): string | undefined {
    return this.#reports.find((report) => report.kind === 'ended')?.error
  }

  /** How often it began to relay a partition. */
  get owned(): number {
    return this.#reports.filter(({ kind }) => kind === 'owned').length
  }

  signal(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
    this.#process.kill(signal)
  }

  async kill(): Promise<void> {
    this.signal('SIGKILL')
    await until('the process is gone', () => this.#exited)
  }

  async #reported(kind: Report['kind']): Promise<void> {
    await until(
      `the process is ${kind}`,
      () => this.#reports.some((report) => report.kind === kind) || this.#exited,
    )
  }
}

/** How long a process may take on a busy machine. */
const PATIENCE_MS = 60_000

/** @throws when it has not come true within a minute. */
export async function until(what: string, condition: () => boolean): Promise<void> {
  if ((await waitUntil(condition, { deadlineMs: PATIENCE_MS, intervalMs: 10 })) === undefined)
    throw new Error(`waited in vain: ${what}`)
}
