import { type Backend, EventStoreError } from '@eventspine/core'
import { Faults, memory, memoryStream } from '@eventspine/memory'
import { onTestFinished } from 'vitest'
import { relay, type Relay, type RelayNotice, type RelayOptions, type RelaySource } from '../src/index.ts'
import { readLogEvents } from '@eventspine/conformance'

export const events = (count: number, from = 1) =>
  Array.from({ length: count }, (_, index) => ({ type: 'Counted', data: from + index }))

export const data = async (target: Backend) => (await readLogEvents(target)).map((event) => event.data)

export function pair(options: { readonly partitions?: number; readonly targetPartitions?: number } = {}) {
  const faults = new Faults()
  const targetFaults = new Faults()
  const source = memory({ partitions: options.partitions, faults })
  const target = memoryStream({ partitions: options.targetPartitions, faults: targetFaults })
  return { source, target, faults, targetFaults }
}

export function start(source: RelaySource, target: Backend, options: Partial<RelayOptions> = {}) {
  const notices: RelayNotice[] = []
  const running = relay(source, target, {
    name: 'r',
    onNotice: (notice) => notices.push(notice),
    ...options,
  })
  onTestFinished(() => running.stop())
  const noticed = async (kind: RelayNotice['kind']) => {
    await eventually(() => notices.some((notice) => notice.kind === kind))
  }
  return { running, notices, noticed }
}

export async function eventually(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + 10_000
  while (!(await condition())) {
    if (performance.now() > deadlineMs) throw new Error('it did not come true in time')
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

export const failure = (running: Relay) =>
  running.completed.then(
    () => undefined,
    (error: unknown) => (EventStoreError.is(error) ? error.code : error),
  )
