import type { Random } from '@eventspine/conformance'

/** In which order blows come: each as often as all others, in an order that the seed decides. */
export function planBlows<Blow>(blows: readonly Blow[], rounds: number, random: Random): readonly Blow[] {
  const plan: Blow[] = []
  while (plan.length < rounds) plan.push(...random.shuffle(blows))
  return plan.slice(0, rounds)
}
