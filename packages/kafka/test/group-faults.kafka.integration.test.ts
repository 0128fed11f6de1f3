import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { eventually } from '@eventspine/conformance'
import type { ConsumerNotice } from '@eventspine/core'
import { type OwnServer, startKafka } from '@eventspine/servers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { GroupBed, numberOf, Recorder, repeats, untilShared, upTo } from './group-bed.ts'

const MAX_IN_FLIGHT = 50

let server: OwnServer

beforeAll(async () => void (server = await startKafka()))
afterAll(async () => server.stop())

/** A member in another process; see `group-member-process.ts`. */
class OtherProcess implements AsyncDisposable {
  readonly handled: { readonly n: number; readonly fencingToken: number }[] = []
  readonly notices: string[] = []
  readonly #process: ChildProcess

  constructor(bed: GroupBed, group: string, leaseMs: number) {
    const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href
    const program = fileURLToPath(new URL('group-member-process.ts', import.meta.url))
    this.#process = fork(program, [bed.url, bed.topic, group, String(leaseMs)], {
      execArgv: ['--conditions=@eventspine/source', '--import', loader],
    })
    this.#process.on('message', (message: { kind: string; n: number; fencingToken: number }) => {
      if (message.kind === 'handled') this.handled.push(message)
      else this.notices.push(message.kind)
    })
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    this.#process.kill('SIGKILL')
    await once(this.#process, 'exit')
  }
}

describe('a group of Kafka', () => {
  it('goes on when a member is killed, with no more repeated than was in flight', async () => {
    await using bed = await GroupBed.create(server.url, 4)
    const backend = await bed.open()
    await using other = new OtherProcess(bed, 'killed', 1000)
    const recorder = new Recorder()
    await bed.publish(backend, 400)
    await eventually('the other process handles', () => other.handled.length > 100, 60_000)
    const subscription = await recorder.subscribe(backend, 'killed', { leaseMs: 1000 })
    await untilShared(bed, backend, [recorder, other])
    other.signal('SIGKILL')
    const token = await bed.publish(backend, 400)
    await subscription.caughtUpTo(token, { timeoutMs: 30_000 })
    await subscription.stop()
    const all = [...other.handled.map(({ n }) => n), ...recorder.handled]
    const last = Math.max(...all)
    expect(new Set(all).size).toBe(last)
    // Of each partition that the killed one had; and of those that it gave away while events were handled side by side.
    expect(repeats(all)).toBeLessThanOrEqual(4 * 2 * MAX_IN_FLIGHT)
  })

  it('gives the partitions of a paused member away, and refuses it when it wakes up', async () => {
    await using bed = await GroupBed.create(server.url, 1)
    const backend = await bed.open()
    await using other = new OtherProcess(bed, 'paused', 1000)
    await bed.publish(backend, 2000)
    await eventually('the other process handles', () => other.handled.length > 200, 60_000)
    other.signal('SIGSTOP')
    const recorder = new Recorder()
    const tokens: number[] = []
    const subscription = await recorder.subscribe(backend, 'paused', {
      leaseMs: 1000,
      handlers: async (event, { fencingToken }) => {
        tokens.push(fencingToken)
        await recorder.record(event)
      },
    })
    const token = await bed.publish(backend, 10)
    await subscription.caughtUpTo(token, { timeoutMs: 30_000 })
    const before = other.handled.length
    other.signal('SIGCONT')
    await eventually('it knows that it was given up', () => other.notices.includes('lease-lost'), 20_000)
    // What it had in hand may be told late; nothing is begun by a member that was given up.
    expect(other.handled.length - before).toBeLessThanOrEqual(64)
    expect(Math.min(...tokens)).toBeGreaterThan(
      Math.max(...other.handled.slice(0, before).map((each) => each.fencingToken)),
    )
    // A checkpoint follows what was handled.
    await eventually('the checkpoint is at the end', async () => {
      const [lag] = await backend.stream.group('paused').lag()
      return lag?.events === 0
    })
    await subscription.stop()
    expect(new Set([...other.handled.map(({ n }) => n), ...recorder.handled]).size).toBe(2010)
  })

  it('goes on by itself when the broker was killed and came back', async () => {
    await using bed = await GroupBed.create(server.url, 2)
    const backend = await bed.open()
    const handled: number[] = []
    const notices: ConsumerNotice[] = []
    const subscription = await backend.stream.subscribe({
      group: 'outage',
      leaseMs: 2000,
      maxInFlightEvents: MAX_IN_FLIGHT,
      onNotice: (notice) => void notices.push(notice),
      handlers: async (event) => {
        await new Promise((resolve) => setTimeout(resolve, 2))
        handled.push(numberOf(event))
      },
    })
    await bed.publish(backend, 2000)
    await eventually('it is in the middle', () => handled.length > 200, 30_000)
    await server.kill()
    await eventually('it has noticed', () => notices.some(({ kind }) => kind === 'backend-error'), 30_000)
    await server.restart()
    const token = await bed.publish(backend, 10)
    await subscription.caughtUpTo(token, { timeoutMs: 60_000 })
    await subscription.stop()
    expect(new Set(handled).size).toBe(2010)
    expect(handled).toEqual(expect.arrayContaining(upTo(2010)))
    expect(repeats(handled)).toBeLessThanOrEqual(4 * MAX_IN_FLIGHT)
  }, 180_000)
})
