import { Dice } from '../customers/dice.ts'
import type { ServiceName } from '../service/report.ts'

/** A process to be killed, when the order of this number has just been begun. */
export interface PlannedKill {
  readonly atOrder: number
  readonly afterMs: number
  readonly service: ServiceName
}

const MOST_AFTER_MS = 150

/** Plans kills: no service twice before each was killed once, spread at random over the run. In order. */
export function planKills(
  seed: number,
  kills: number,
  orders: number,
  services: readonly ServiceName[],
): readonly PlannedKill[] {
  const dice = new Dice(~seed)
  let waiting: ServiceName[] = []
  const plan = Array.from({ length: kills }, (): PlannedKill => {
    if (waiting.length === 0) waiting = [...services]
    const service = dice.pick(waiting)
    waiting = waiting.filter((one) => one !== service)
    return {
      atOrder: dice.between(Math.ceil(orders / 20), Math.ceil((orders * 19) / 20)),
      afterMs: dice.between(0, MOST_AFTER_MS),
      service,
    }
  })
  return plan.toSorted((a, b) => a.atOrder - b.atOrder)
}
