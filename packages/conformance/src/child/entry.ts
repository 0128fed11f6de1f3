import { createRequire } from 'node:module'
import { join } from 'node:path'
import { cwd } from 'node:process'
import { pathToFileURL } from 'node:url'
import type { AdapterModule, Backend } from '@eventspine/core'
import { EventStoreError } from '@eventspine/core'
import { CrashPlan } from './crash-plan.ts'
import type { HookedModule } from './driver-hooks.ts'
import { ChildSession } from './child-session.ts'
import type { CarriedError, ChildCommands, ChildNote, FromChild, ToChild } from './protocol.ts'

/* The program of a child process: it is forked by `ChildProcess`, and lives as long as its parent. */

const crashes = new CrashPlan()
let session: ChildSession | undefined

function send(message: FromChild): void {
  if (process.connected) process.send?.(message)
}

function note(note: ChildNote): void {
  send({ kind: 'note', note })
}

async function loadAdapter(module: string): Promise<AdapterModule & Partial<HookedModule>> {
  // A package's name is looked up from where the tests run: this kit depends on no adapter.
  const found = module.includes('://')
    ? module
    : pathToFileURL(createRequire(join(cwd(), 'any')).resolve(module)).href
  // The parent names a module that keeps one of these two contracts; anything else fails at the call.
  return (await import(found)) as AdapterModule & Partial<HookedModule>
}

async function openBackend({ module, url, options }: ChildCommands['open']['request']): Promise<Backend> {
  const adapter = await loadAdapter(module)
  return adapter.openHooked === undefined
    ? adapter.openUrl(url, options)
    : adapter.openHooked(url, options, crashes)
}

async function execute({ command, request }: ToChild): Promise<unknown> {
  if (command === 'load') {
    await loadAdapter((request as ChildCommands['load']['request']).module)
    return null
  }
  if (command === 'open') {
    const backend = await openBackend(request as ChildCommands['open']['request'])
    session = new ChildSession(backend, note)
    return { incarnation: backend.store.incarnation }
  }
  if (command === 'armCrash') {
    const { point, call } = request as ChildCommands['armCrash']['request']
    crashes.arm(point, call)
    return null
  }
  if (session === undefined) throw new Error(`${command} comes before open`)
  return session.execute(command, request)
}

function carried(error: unknown): CarriedError {
  if (EventStoreError.is(error)) {
    const { name, message, code, outcome, retryable } = error
    return { name, message, code, outcome, retryable }
  }
  const { name, message } = error instanceof Error ? error : { name: 'Error', message: String(error) }
  return { name, message, code: undefined, outcome: undefined, retryable: undefined }
}

process.on('message', (message: ToChild) => {
  execute(message).then(
    (value) => send({ kind: 'reply', id: message.id, value: value ?? null }),
    (error: unknown) => send({ kind: 'failure', id: message.id, error: carried(error) }),
  )
})
// A parent that is gone needs nothing more; what it left in the store is its own affair.
process.on('disconnect', () => process.exit(0))
send({ kind: 'ready' })
