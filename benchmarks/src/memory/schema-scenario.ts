import { defineEvents } from '@eventspine/core'
import { type } from 'arktype'
import * as v from 'valibot'
import { z } from 'zod'
import type { Scenario } from '../target.ts'
import { orderData } from '../workload/order-event.ts'
import { repeating } from './encode-scenario.ts'
import { forgetfulPlace, storeCandidate } from './memory-appenders.ts'

const zodOrder = z.object({
  orderId: z.string(),
  customerId: z.string(),
  totalCents: z.number().int().nonnegative(),
  items: z.array(
    z.object({ sku: z.string(), quantity: z.number().int().positive(), cents: z.number().int() }),
  ),
  shipping: z.object({ city: z.string(), country: z.string().length(2), express: z.boolean() }),
})

const valibotOrder = v.object({
  orderId: v.string(),
  customerId: v.string(),
  totalCents: v.pipe(v.number(), v.integer(), v.minValue(0)),
  items: v.array(
    v.object({
      sku: v.string(),
      quantity: v.pipe(v.number(), v.integer(), v.minValue(1)),
      cents: v.pipe(v.number(), v.integer()),
    }),
  ),
  shipping: v.object({ city: v.string(), country: v.pipe(v.string(), v.length(2)), express: v.boolean() }),
})

const arktypeOrder = type({
  orderId: 'string',
  customerId: 'string',
  totalCents: 'number.integer >= 0',
  items: type({ sku: 'string', quantity: 'number.integer > 0', cents: 'number.integer' }).array(),
  shipping: { city: 'string', country: 'string == 2', express: 'boolean' },
})

const contracts = {
  Zod: defineEvents('cart', { OrderPlaced: zodOrder }),
  Valibot: defineEvents('cart', { OrderPlaced: valibotOrder }),
  ArkType: defineEvents('cart', { OrderPlaced: arktypeOrder }),
}

/** See its question. */
export const schemaScenario: Scenario = {
  name: 'schema',
  question: 'What does each schema library add to an append, and what does it cost alone?',
  async run(context) {
    await context.compare({
      title: 'nothing stored: append 1 event, 64 in flight, validated by a contract',
      concurrency: 64,
      base: 'no contract',
      candidates: [
        storeCandidate('no contract', 1, forgetfulPlace),
        storeCandidate('Zod', 1, forgetfulPlace, (store) => contracts.Zod.store(store)),
        storeCandidate('Valibot', 1, forgetfulPlace, (store) => contracts.Valibot.store(store)),
        storeCandidate('ArkType', 1, forgetfulPlace, (store) => contracts.ArkType.store(store)),
      ],
    })
    await context.compare({
      title: 'the schema alone, on data that fits',
      concurrency: 1,
      base: 'build the data',
      candidates: [
        repeating('build the data', (number) => orderData(number).orderId.length),
        repeating('Zod', (number) => zodOrder.parse(orderData(number)).orderId.length),
        repeating('Valibot', (number) => v.parse(valibotOrder, orderData(number)).orderId.length),
        repeating('ArkType', (number) => arktypeOrder.assert(orderData(number)).orderId.length),
      ],
    })
  },
}
