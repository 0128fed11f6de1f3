import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url))
// Loading the sources of an embedded database is what takes its time, on a busy machine above all.
const DEADLINE_MS = 90_000

export interface DemoRun {
  readonly exitCode: number | null
  readonly output: string
  readonly errors: string
}

/** Runs the demo in a process of its own, as a user does. */
export function runDemo(store: string): Promise<DemoRun> {
  const words = ['--conditions=@eventspine/source', '--import', 'tsx', main]
  const child = spawn(process.execPath, words, {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    env: { ...process.env, EVENTSPINE_STORE: store },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: DEADLINE_MS,
  })
  let output = ''
  let errors = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (exitCode) => resolve({ exitCode, output, errors }))
  })
}
