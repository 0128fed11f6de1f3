import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url))
const DEADLINE_MS = 240_000

export interface ShopRun {
  readonly exitCode: number | null
  /** Both of its streams. */
  readonly output: string
}

/** Runs the shop in a process of its own, as a user does. */
export async function runShopCommand(
  stream: string,
  payloads: string,
  words: readonly string[],
): Promise<ShopRun> {
  const child = spawn(
    process.execPath,
    ['--conditions=@eventspine/source', '--import', 'tsx', main, ...words],
    {
      cwd: fileURLToPath(new URL('..', import.meta.url)),
      env: { ...process.env, EVENTSPINE_STREAM: stream, EVENTSPINE_PAYLOADS: payloads },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: DEADLINE_MS,
    },
  )
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
  return await new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (exitCode) => resolve({ exitCode, output }))
  })
}
