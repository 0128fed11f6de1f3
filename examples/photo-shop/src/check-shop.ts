import type { ParkedStream, PublishEvent } from '@eventspine/core'
import type { Bills } from './billing.ts'
import type { Printed } from './lab.ts'
import type { OrderFacts } from './prints.ts'

/** A promise, and what contradicts it. */
export interface Check {
  readonly promise: string
  readonly problems: readonly string[]
}

export interface ShopSides {
  readonly expected: readonly PublishEvent[]
  /** In the order of `expected`. */
  readonly printed: readonly (Printed | undefined)[]
  readonly bills: Bills
  readonly parked: readonly ParkedStream[]
}

/** Holds what was ordered against what was printed and billed. */
export function checkShop({ expected, printed, bills, parked }: ShopSides): readonly Check[] {
  const facts = expected.map(({ metadata }) => metadata as unknown as OrderFacts)
  return [
    {
      promise: `${expected.length} orders printed, every photo the one that was ordered`,
      problems: expected.flatMap(({ streamId }, index) => {
        const { photos } = printed[index] ?? {}
        if (photos === undefined) return [`${streamId} was not printed`]
        const wanted = facts[index]?.photos
        return photos === wanted ? [] : [`${streamId}: ${photos} photos printed, ${wanted} ordered`]
      }),
    },
    {
      promise: `${expected.length} orders billed, without loading a photo`,
      problems: expected.flatMap(({ streamId, id = '' }, index) => {
        const cents = bills.get(id)
        return cents === facts[index]?.cents ? [] : [`${streamId}: ${cents ?? 'nothing'} cents billed`]
      }),
    },
    {
      promise: 'no order waits for somebody to look at it',
      problems: parked.map(({ streamId, error }) => `${streamId} is parked: ${error}`),
    },
  ]
}
