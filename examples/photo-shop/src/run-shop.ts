import { setTimeout as delay } from 'node:timers/promises'
import { collectOrphans } from '@eventspine/payloads'
import { type Bills, openBilling } from './billing.ts'
import { checkShop, type Check } from './check-shop.ts'
import { sell } from './counter.ts'
import { sellInProcess } from './counter-process.ts'
import { openLab, printedOf } from './lab.ts'
import { openShop, type Shop, type ShopUrls } from './open-shop.ts'
import { orderOf } from './order.ts'
import type { Options } from './options.ts'

const LOOK_EVERY_MS = 200
/** Nothing may be printed for so long before the run is called stuck. */
const PATIENCE_MS = 60_000

export interface ShopResult {
  readonly checks: readonly Check[]
  /** Payloads without an event, left by kills, that were collected. */
  readonly orphans: number
  readonly photos: number
  readonly bytes: number
}

export interface ShopRun extends Pick<Options, 'orders' | 'kills' | 'seed'> {
  readonly urls: ShopUrls
  /** Of streams, ids and the group of billing: no run meets another's. */
  readonly run: string
  readonly say: (text: string) => void
}

/** Sells, prints and bills, kills the counter on the way, and holds all sides against each other. */
export async function runShop(options: ShopRun): Promise<ShopResult> {
  const { urls, run, seed, orders, say } = options
  await using shop = await openShop(urls)
  const bills: Bills = new Map()
  let printed = 0
  await using lab = await openLab(shop, 'lab', () => printed++)
  await using billing = await openBilling(shop, `billing-${run}`, bills)
  await sellAll(options, shop)
  say(`all ${orders} orders are taken, ${printed} printed`)
  const expected = Array.from({ length: orders }, (_, index) => orderOf(run, seed, index + 1))
  const ids = expected.map(({ id = '' }) => id)
  await untilStill(async () => {
    const done = (await printedOf(shop.payloads.documents, ids)).filter((found) => found !== undefined).length
    const billed = ids.filter((id) => bills.has(id)).length
    return { done: done === orders && billed === orders, seen: done + billed }
  })
  const found = await printedOf(shop.payloads.documents, ids)
  await Promise.all([lab.stop(), billing.stop()])
  const parked = [
    ...(await shop.whole.stream.group('lab').parked()),
    ...(await shop.bare.stream.group(`billing-${run}`).parked()),
  ]
  // All counters are gone, so there is no slow one to wait for; else the default, a day, would be right.
  const { orphans } = await collectOrphans(shop.whole, { graceMs: 0 })
  return {
    checks: checkShop({ expected, printed: found.map((document) => document?.value), bills, parked }),
    orphans,
    photos: found.reduce((sum, document) => sum + (document?.value.photos ?? 0), 0),
    bytes: found.reduce((sum, document) => sum + (document?.value.bytes ?? 0), 0),
  }
}

/** In processes that are killed on the way, each going on where the last acknowledged order says. */
async function sellAll({ urls, run, seed, orders, kills, say }: ShopRun, shop: Shop): Promise<void> {
  const onOrder = (number: number): void => {
    if (number % 10 === 0) say(`${number} of ${orders} orders taken`)
  }
  if (kills === 0) return await sell(shop, { run, seed, from: 1, to: orders }, onOrder)
  let from = 1
  for (let kill = 1; kill <= kills; kill++) {
    const killAfter = Math.max(from, Math.floor((orders * kill) / (kills + 1)))
    if (killAfter >= orders) break
    from = (await sellInProcess(urls, { run, seed, from, to: orders }, killAfter, onOrder)) + 1
    say(`killed the counter (kill -9), order ${from} in hand`)
    if (from > orders) return
  }
  await sellInProcess(urls, { run, seed, from, to: orders }, undefined, onOrder)
}

/** Until it is done, or until nothing has changed for too long: what is missing then, the checks say. */
async function untilStill(
  look: () => Promise<{ readonly done: boolean; readonly seen: number }>,
): Promise<void> {
  let seen = -1
  let changedAtMs = performance.now()
  for (;;) {
    const now = await look()
    if (now.done) return
    if (now.seen !== seen) changedAtMs = performance.now()
    seen = now.seen
    if (performance.now() - changedAtMs > PATIENCE_MS) return
    await delay(LOOK_EVERY_MS)
  }
}
