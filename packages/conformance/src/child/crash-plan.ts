import { Worker } from 'node:worker_threads'
import type { DriverHooks } from './driver-hooks.ts'
import type { CrashPoint } from './protocol.ts'

/** Waits until it is told to, and ends the whole process after so many microseconds. */
const KILLER = `
const { workerData } = require('node:worker_threads')
const state = new Int32Array(workerData)
Atomics.wait(state, 0, 0)
const endsAt = process.hrtime.bigint() + BigInt(Atomics.load(state, 1)) * 1000n
while (process.hrtime.bigint() < endsAt);
process.kill(process.pid, 'SIGKILL')
`

/** Ends this process with SIGKILL at the n-th call of the driver. */
export class CrashPlan implements DriverHooks {
  #armed: { readonly point: CrashPoint; callsLeft: number } | undefined
  /** The call that is to be the last one. */
  #reached = false
  #killer: Int32Array<SharedArrayBuffer> | undefined

  /** @param call - counted from now, from 1. */
  arm(point: CrashPoint, call: number): void {
    if (point === 'sent') this.#killer ??= startKiller()
    this.#armed = { point, callsLeft: call }
    this.#reached = false
  }

  beforeSend(): void {
    if (this.#armed === undefined || this.#reached) return
    this.#armed.callsLeft--
    if (this.#armed.callsLeft > 0) return
    this.#reached = true
    if (this.#armed.point === 'before-send') endNow()
  }

  sent(): void {
    if (this.#reached && this.#armed?.point === 'sent') endNow()
  }

  working(): void {
    if (!this.#reached || this.#armed?.point !== 'sent' || this.#killer === undefined) return
    // An embedded engine works on this very thread: only another one can end it in the middle. A call takes
    // some hundred microseconds.
    this.#killer[1] = Math.floor(Math.random() * 600)
    Atomics.store(this.#killer, 0, 1)
    Atomics.notify(this.#killer, 0)
  }

  replied(): void {
    if (this.#reached && this.#armed?.point === 'replied') endNow()
  }
}

function endNow(): void {
  process.kill(process.pid, 'SIGKILL')
}

function startKiller(): Int32Array<SharedArrayBuffer> {
  const shared = new SharedArrayBuffer(8)
  const worker = new Worker(KILLER, { eval: true, workerData: shared, execArgv: [] })
  worker.unref()
  return new Int32Array(shared)
}
