import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url))
const DEADLINE_MS = 240_000

export interface FlowRun {
  readonly exitCode: number | null
  readonly output: string
  readonly errors: string
}

export interface FlowCommand {
  readonly store: string
  readonly stream: string
  readonly words: readonly string[]
  /** Given, once, the first match in what it prints, and its process's id. */
  readonly when?: {
    readonly prints: RegExp
    readonly act: (found: RegExpExecArray, pid: number) => void
  }
}

/** Runs the whole flow in a process of its own, as a user does; logs go where nobody looks afterwards. */
export async function runFlowCommand({ store, stream, words, when }: FlowCommand): Promise<FlowRun> {
  const folder = await mkdtemp(join(tmpdir(), 'eventspine-order-flow-'))
  try {
    const child = spawn(
      process.execPath,
      ['--conditions=@eventspine/source', '--import', 'tsx', main, ...words],
      {
        cwd: fileURLToPath(new URL('..', import.meta.url)),
        env: {
          ...process.env,
          EVENTSPINE_STORE: store,
          EVENTSPINE_STREAM: stream,
          EVENTSPINE_DIRECTORY: folder,
        },
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: DEADLINE_MS,
      },
    )
    let output = ''
    let errors = ''
    let hasActed = false
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString()
      const found = hasActed ? null : (when?.prints.exec(output) ?? null)
      if (found === null) return
      hasActed = true
      when?.act(found, child.pid ?? 0)
    })
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
    return await new Promise((resolve, reject) => {
      child.on('error', reject)
      child.on('close', (exitCode) => resolve({ exitCode, output, errors }))
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
