import { setMaxListeners } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { freePort } from '@eventspine/servers'
import type { Check } from '../audit/check-flow.ts'
import { StoreAudit } from '../audit/store-audit.ts'
import { StreamAudit } from '../audit/stream-audit.ts'
import { placeOrders } from '../customers/customers.ts'
import { readSales } from '../dashboard/dashboard.ts'
import type { Options } from '../options.ts'
import { openStream, OWN_STREAM, type StreamBackend } from '../service/open-stream.ts'
import { serviceNames, type ServiceName } from '../service/report.ts'
import { Fleet } from './fleet.ts'
import { FlowWatch } from './flow-state.ts'
import { openStore } from './open-store.ts'
import { Killer } from './killer.ts'
import { planKills } from './plan-kills.ts'
import type { Servers } from './servers.ts'
import { Stillness } from './stillness.ts'
import { untilAborted } from './until-aborted.ts'
import type { View } from './view.ts'

/** Of orders: three hundred take about twenty seconds, so that there is something to see. */
const PACE_MS = 60
const LOOK_EVERY_MS = 250

/** What a run came to. */
export interface FlowResult {
  readonly checks: readonly Check[]
  readonly kills: number
  readonly seconds: number
  readonly sentAgain: number
  readonly lostAnswers: number
}

export interface FlowOptions extends Pick<Options, 'orders' | 'kills' | 'seed' | 'patienceMs'> {
  readonly servers: Servers
  readonly logFolder: string
  readonly view: View
  /** Told of the fleet before it starts, to end it with this process. */
  readonly onFleet: (fleet: Fleet) => void
  readonly signal: AbortSignal
}

/** Lets customers order, kills what serves them, waits until all has settled, and holds all sides against each other. */
export async function runFlow(options: FlowOptions): Promise<FlowResult> {
  const { servers, signal } = options
  await using store = await openStore(servers.storeUrl)
  await using source = await openStream(servers.streamUrl, store, { create: true })
  const run = Date.now().toString(36)
  const storeAudit = new StoreAudit(store.store)
  await using streamAudit = await StreamAudit.start(source.stream, `audit-${run}`)
  const flow = new Flow(options, run, { storeAudit, streamAudit, source })
  return await flow.run(signal)
}

interface Sides {
  readonly storeAudit: StoreAudit
  readonly streamAudit: StreamAudit
  readonly source: StreamBackend
}

class Flow {
  readonly #options: FlowOptions
  readonly #run: string
  readonly #sides: Sides
  readonly #watch: FlowWatch
  readonly #services: readonly ServiceName[]
  readonly #failed = new AbortController()
  readonly #stalled = new AbortController()
  #stall: string | undefined

  constructor(options: FlowOptions, run: string, sides: Sides) {
    this.#options = options
    this.#run = run
    this.#sides = sides
    this.#watch = new FlowWatch(sides.storeAudit, sides.streamAudit)
    const hasRelay = options.servers.streamUrl !== OWN_STREAM
    this.#services = serviceNames.filter((name) => name !== 'relay' || hasRelay)
  }

  async run(asked: AbortSignal): Promise<FlowResult> {
    const signal = AbortSignal.any([asked, this.#failed.signal, this.#stalled.signal])
    // Each customer who waits listens.
    setMaxListeners(0, signal)
    const port = await freePort()
    const fleet = this.#fleet(port)
    this.#options.onFleet(fleet)
    const shown = new AbortController()
    const showing = this.#show(fleet, shown.signal)
    try {
      await untilAborted(this.#work(fleet, port, signal), signal).catch((error: unknown) => {
        // What is missing, the checks say.
        if (!this.#stalled.signal.aborted || asked.aborted) throw error
      })
      await fleet.stop()
      return await this.#result(fleet)
    } finally {
      // Who stops it does not want to wait, and whoever is killed loses nothing.
      if (signal.aborted) fleet.drop()
      await fleet.stop()
      shown.abort()
      await showing
    }
  }

  async #work(fleet: Fleet, port: number, signal: AbortSignal): Promise<void> {
    this.#note(`starting ${this.#services.join(', ')}`)
    await fleet.start()
    signal.throwIfAborted()
    await this.#order(fleet, port, signal)
    this.#note('all orders are through; waiting until every part has caught up')
    await this.#settle(signal)
  }

  #fleet(port: number): Fleet {
    const { servers, logFolder } = this.#options
    return new Fleet({
      names: this.#services,
      logFolder,
      environment: {
        ...process.env,
        EVENTSPINE_STORE: servers.storeUrl,
        EVENTSPINE_STREAM: servers.streamUrl,
        ORDER_SERVICE_PORT: String(port),
      },
      onNote: (text) => this.#note(text),
      onFailure: (error) => this.#failed.abort(error),
      onReport: (_name, report) => {
        if (report.kind !== 'dashboard') return
        this.#watch.sales = report.sales
        this.#watch.latest = report.latest
      },
    })
  }

  async #order(fleet: Fleet, port: number, signal: AbortSignal): Promise<void> {
    const { orders, kills, seed } = this.#options
    const killer = new Killer(fleet, planKills(seed, kills, orders, this.#services), signal)
    const options = {
      baseUrl: `http://127.0.0.1:${port}`,
      run: this.#run,
      seed,
      orders,
      paceMs: PACE_MS,
      signal,
      onOrder: (number: number) => {
        this.#watch.begun = number
        killer.orderBegun(number)
      },
    }
    await placeOrders(options, this.#watch.answers)
    await killer.done()
  }

  async #settle(signal: AbortSignal): Promise<void> {
    for (;;) {
      const checks = await this.#check()
      const isConsistent = checks.every(({ problems }) => problems.length === 0)
      if (isConsistent && (await this.#sides.streamAudit.behind()) === 0) return
      await delay(LOOK_EVERY_MS, undefined, { signal })
    }
  }

  async #check(): Promise<readonly Check[]> {
    await this.#sides.storeAudit.readOn()
    return this.#watch.check(await readSales(this.#sides.source.documents))
  }

  async #result(fleet: Fleet): Promise<FlowResult> {
    const { sentAgain, lostAnswers } = this.#watch.answers
    const kills = Array.from(fleet.states.values()).reduce((sum, state) => sum + state.kills, 0)
    const checks = [
      ...(await this.#check()),
      { promise: 'no process ended by itself', problems: fleet.failures },
      { promise: 'everything came to its end', problems: this.#stall === undefined ? [] : [this.#stall] },
    ]
    return { checks, kills, sentAgain, lostAnswers, seconds: this.#watch.elapsedMs / 1000 }
  }

  async #show(fleet: Fleet, signal: AbortSignal): Promise<void> {
    const { servers, orders, seed, view, patienceMs } = this.#options
    const about = { route: describeRoute(servers), orders, seed }
    const stillness = new Stillness(patienceMs)
    while (!signal.aborted) {
      // Whoever waits for the store hears what is wrong; this is but the show.
      await this.#sides.storeAudit.readOn().catch(() => undefined)
      const state = this.#watch.state(about, fleet.states.values())
      view.update(state)
      if (stillness.isTooLong(state) && this.#stall === undefined) {
        this.#stall = `nothing has happened for ${patienceMs / 1000} s`
        this.#note(this.#stall)
        this.#stalled.abort(new Error(this.#stall))
      }
      await delay(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined)
    }
    view.update(this.#watch.state(about, fleet.states.values()))
  }

  #note(text: string): void {
    const note = { atMs: this.#watch.elapsedMs, text }
    this.#watch.notes.push(note)
    this.#options.view.note(note)
  }
}

/** By their schemes: the rest of a URL may hold a password, and one of several brokers is no URL to Node. */
function describeRoute({ storeUrl, streamUrl }: Servers): string {
  const [store] = storeUrl.split(':')
  const [stream] = streamUrl.split(':')
  const consumers = 'shipping, dashboard'
  return streamUrl === OWN_STREAM ? `${store} → ${consumers}` : `${store} → relay → ${stream} → ${consumers}`
}
