import { Dice } from '../customers/dice.ts'
import type { ServiceName } from '../service/report.ts'

/** A process to be killed, when the order of this number has just been begun. */
export interface PlannedKill {
  readonly atOrder: number
  readonly afterMs: number
  readonly service: ServiceName
}

const MOST_AFTER_MS = 150

/**
 * Plans kills, in order: no service twice before each was killed once, each at a random moment of its own share of
 * the run, so that they do not all meet the same work.
 */
export function planKills(
  seed: number,
  kills: number,
  orders: number,
  services: readonly ServiceName[],
): readonly PlannedKill[] {
  const dice = new Dice(~seed)
  let waiting: ServiceName[] = []
  return Array.from({ length: kills }, (_, index): PlannedKill => {
    if (waiting.length === 0) waiting = [...services]
    const service = dice.pick(waiting)
    waiting = waiting.filter((one) => one !== service)
    return {
      // The last one comes early enough to meet work.
      atOrder: Math.max(1, Math.floor((orders * (index + dice.between(10, 90) / 100)) / kills)),
      afterMs: dice.between(0, MOST_AFTER_MS),
      service,
    }
  })
}
