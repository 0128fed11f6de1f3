import { processTreeCpuUs } from './server-cpu.ts'

/** How long and how hard to work. */
export interface SlicePlan {
  /** Operations under way at once: each worker starts its next when its last is done. */
  readonly concurrency: number
  readonly warmupMs: number
  /** No operation starts later; those under way are finished and counted. */
  readonly durationMs: number
  /** The process whose CPU time, with its children's, is the server's. */
  readonly serverPid: number | undefined
}

/** What one candidate did in one round. */
export interface Slice {
  readonly events: number
  /** Those of the warm-up too: what must be found stored. */
  readonly acknowledgedEvents: number
  readonly elapsedMs: number
  /** Of each operation, in no order. */
  readonly latenciesUs: Float64Array
  readonly nodeCpuUs: number
  readonly serverCpuUs: number | undefined
}

/** One operation of a worker. Returns how many events it wrote or read. */
export type Operate = (worker: number) => Promise<number> | number

/** Runs `operate` in a closed loop: first to warm up, then to be measured. */
export async function runSlice(operate: Operate, plan: SlicePlan): Promise<Slice> {
  const warmup = await loop(operate, plan.concurrency, plan.warmupMs)
  const cpuBefore = process.cpuUsage()
  const serverBefore = serverCpuUs(plan)
  const measured = await loop(operate, plan.concurrency, plan.durationMs)
  const cpu = process.cpuUsage(cpuBefore)
  const serverAfter = serverCpuUs(plan)
  return {
    events: measured.events,
    acknowledgedEvents: warmup.events + measured.events,
    elapsedMs: measured.elapsedMs,
    latenciesUs: Float64Array.from(measured.latenciesUs),
    nodeCpuUs: cpu.user + cpu.system,
    serverCpuUs:
      serverBefore === undefined || serverAfter === undefined ? undefined : serverAfter - serverBefore,
  }
}

/** Slices of several processes at the same time as one. All of them watched the same server. */
export function mergeSlices(slices: readonly Slice[]): Slice {
  const sum = (value: (slice: Slice) => number): number =>
    slices.reduce((total, slice) => total + value(slice), 0)
  const servers = slices.flatMap(({ serverCpuUs: us }) => (us === undefined ? [] : [us]))
  return {
    events: sum(({ events }) => events),
    acknowledgedEvents: sum(({ acknowledgedEvents }) => acknowledgedEvents),
    elapsedMs: Math.max(...slices.map(({ elapsedMs }) => elapsedMs)),
    latenciesUs: Float64Array.from(slices.flatMap(({ latenciesUs }) => [...latenciesUs])),
    nodeCpuUs: sum(({ nodeCpuUs }) => nodeCpuUs),
    serverCpuUs: servers.length === 0 ? undefined : servers.reduce((a, b) => a + b, 0) / servers.length,
  }
}

async function loop(
  operate: Operate,
  concurrency: number,
  durationMs: number,
): Promise<{ events: number; elapsedMs: number; latenciesUs: number[] }> {
  const latenciesUs: number[] = []
  let events = 0
  const startedAt = performance.now()
  const endsAt = startedAt + durationMs
  const work = async (worker: number): Promise<void> => {
    for (let from = performance.now(); from < endsAt;) {
      const done = await operate(worker)
      events += done
      const to = performance.now()
      latenciesUs.push((to - from) * 1000)
      from = to
    }
  }
  await Promise.all(Array.from({ length: concurrency }, (_, worker) => work(worker)))
  return { events, elapsedMs: performance.now() - startedAt, latenciesUs }
}

function serverCpuUs({ serverPid }: SlicePlan): number | undefined {
  return serverPid === undefined ? undefined : processTreeCpuUs(serverPid)
}
