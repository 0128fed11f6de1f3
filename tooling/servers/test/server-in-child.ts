import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { waitUntil, type ServerName } from '../src/index.ts'
import { identifyProcess } from '../src/process-identity.ts'

/** A process that has started a server of its own. */
export interface ServerInChild {
  readonly owner: ReturnType<typeof spawnOwner>
  readonly pid: number
  readonly dataDirectory: string
}

/** Starts a process that starts a server and ends when it is told `exit`. */
export async function startInChild(name: ServerName): Promise<ServerInChild> {
  const owner = spawnOwner(name)
  for await (const line of createInterface(owner.stdout)) {
    const told = JSON.parse(line) as { pid: number; dataDirectory: string } // Printed by the child's program.
    return { ...told, owner }
  }
  throw new Error('the owner ended without starting a server')
}

/** Whether the process ends before long. */
export async function gone(pid: number): Promise<boolean> {
  return (await waitUntil(() => identifyProcess(pid) === undefined, { deadlineMs: 20_000 })) ?? false
}

function spawnOwner(name: ServerName) {
  const program = fileURLToPath(new URL('start-and-wait.ts', import.meta.url))
  return spawn(process.execPath, ['--import', 'tsx', program, name], { stdio: ['pipe', 'pipe', 'inherit'] })
}
