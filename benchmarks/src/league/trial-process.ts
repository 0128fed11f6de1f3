import type { ContenderPlace } from './contender.ts'
import { loadContender } from './contenders.ts'
import { fail, type Verdict } from './trial.ts'
import { trials } from './trials.ts'

/** What the process of a trial is told. */
export interface TrialProcessPlan {
  readonly place: ContenderPlace
  readonly trial: string
  readonly url: string
  readonly seed: number
}

/*
 * Each trial of each contender has a process of its own: one changes the parsers of a client for all, another leaves
 * timers and connections behind.
 */
async function run({ place, trial: id, url, seed }: TrialProcessPlan): Promise<Verdict> {
  const trial = trials.find((one) => one.id === id)
  if (trial === undefined) throw new RangeError(`no trial is called "${id}"`)
  const contender = await loadContender(place)
  return trial.run({ contender, place, url, seed })
}

process.once('message', (plan: TrialProcessPlan) => {
  void run(plan)
    .catch((error: unknown) => fail(`it threw ${error instanceof Error ? error.message : String(error)}`))
    .then((verdict) => process.send?.(verdict, undefined, {}, () => process.exit()))
})
// Without its parent nobody wants to know.
process.on('disconnect', () => process.exit())
