import type { AdapterModule, EventStream, RelaySession } from '@eventspine/core'
import { relay } from '@eventspine/relay'
import type { BackendAccess, Life, Report } from './life.ts'

/* A process that relays as it is told, until it is killed. */

const tell = (report: Report): void => void process.send?.(report)

async function open({ module, url }: BackendAccess) {
  // The URL is that of an adapter's entry.
  const adapter = (await import(module)) as AdapterModule
  return adapter.openUrl(url, {})
}

/** The same stream, through which a relay meets its end. */
function deadly(stream: EventStream, crash: Life['crash']): EventStream {
  let calls = 0
  const reach = (call: number, moment: 'before' | 'after'): void => {
    if (crash?.call === call && crash.moment === moment) process.kill(process.pid, 'SIGKILL')
  }
  const through = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    // Partitions call side by side: by the time this call ends, others may have begun.
    const call = ++calls
    reach(call, 'before')
    const result = await work()
    reach(call, 'after')
    return result
  }
  const ofSession = (session: RelaySession): RelaySession => ({
    get position() {
      return session.position
    },
    write: (events, position) => through(() => session.write(events, position)),
    close: () => session.close(),
  })
  const { capabilities, incarnation, partitions } = stream
  return {
    capabilities,
    incarnation,
    partitions,
    publish: (events, options) => stream.publish(events, options),
    subscribe: (options) => stream.subscribe(options),
    runOnce: (options) => stream.runOnce(options),
    group: (name) => stream.group(name),
    openRelay: async (request) => ofSession(await through(() => stream.openRelay(request))),
    close: () => stream.close(),
  }
}

async function live({ source, target, crash, ...options }: Life): Promise<void> {
  const [from, to] = await Promise.all([open(source), open(target)])
  const running = relay(from, deadly(to.stream, crash), {
    ...options,
    onNotice: ({ kind }) => {
      if (kind === 'owned') tell({ kind })
    },
  })
  await running.completed
}

process.on('message', (life: Life) => {
  live(life).catch((error: unknown) => tell({ kind: 'ended', error: String(error) }))
})
// Without its parent it has no reason to live.
process.on('disconnect', () => process.exit())
tell({ kind: 'ready' })
