import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** A process that was given a plan. */
export interface PlannedChild {
  /** The first message that it sends; `undefined` when it ended without. */
  readonly answer: Promise<unknown>
  readonly ended: Promise<unknown>
  kill(): void
}

/** Starts a script in a process of its own and sends it `plan`. */
export function startChild(script: URL, plan: object): PlannedChild {
  const child = fork(fileURLToPath(script), [], {
    execArgv: loaderArguments(),
    // Peers print what they like; what a child has to say it sends.
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  let errors = ''
  child.stderr?.on('data', (chunk: Buffer) => (errors = `${errors}${chunk.toString()}`.slice(-2000)))
  const ended = once(child, 'exit')
  const answer = Promise.race([
    once(child, 'message').then(([message]: readonly unknown[]) => message),
    ended.then(() => (errors === '' ? undefined : { died: errors.trim().split('\n').slice(-3).join(' ') })),
  ])
  child.send(plan)
  return { answer, ended, kill: () => killOnce(child) }
}

function killOnce(child: ChildProcess): void {
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
}

/** As this process was started where that was by tsx; else from source, as tests are. */
function loaderArguments(): string[] {
  if (process.execArgv.includes('--import')) return [...process.execArgv]
  const loader = createRequire(import.meta.url).resolve('tsx')
  return ['--conditions=@eventspine/source', '--import', pathToFileURL(loader).href]
}
