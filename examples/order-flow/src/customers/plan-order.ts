import type { OrderItem } from '../order/order-decider.ts'
import type { CustomerCommand } from '../order-service/http-api.ts'
import { Dice } from './dice.ts'

/** What one customer will do about one order. */
export interface OrderPlan {
  readonly id: string
  readonly customer: string
  readonly steps: readonly PlannedStep[]
}

export interface PlannedStep {
  /** Names the command, so that it happens once however often it is sent. */
  readonly id: string
  readonly afterMs: number
  readonly command: CustomerCommand
}

const customers = ['ada', 'grace', 'alan', 'edsger', 'barbara', 'niklaus', 'donald', 'frances'] as const

const products = [
  { product: 'tea', cents: 450 },
  { product: 'notebook', cents: 1290 },
  { product: 'lamp', cents: 3999 },
  { product: 'chair', cents: 12_500 },
  { product: 'poster', cents: 1899 },
  { product: 'pencils', cents: 325 },
] as const

/**
 * Plans the order of this number: most are placed and paid; some are cancelled, a few while they may be shipped at
 * the same moment; some are forgotten; and now and then somebody errs. The same run, seed and number give the same.
 */
export function planOrder(run: string, seed: number, number: number): OrderPlan {
  const dice = new Dice(Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(number, 0x85ebca6b))
  const id = `${run}-${String(number).padStart(4, '0')}`
  const customer = dice.pick(customers)
  const items = basket(dice)
  const totalCents = items.reduce((sum, { quantity, cents }) => sum + quantity * cents, 0)
  const commands = life(dice, { type: 'PlaceOrder', customer, items }, totalCents)
  const steps = commands.map((command, index) => ({
    id: `${id}/${index + 1}`,
    afterMs: index === 0 ? 0 : dice.between(20, 400),
    command,
  }))
  return { id, customer, steps }
}

function basket(dice: Dice): OrderItem[] {
  const first = dice.between(0, products.length - 1)
  return Array.from({ length: dice.between(1, 3) }, (_, index) => ({
    ...(products[(first + index) % products.length] ?? products[0]),
    quantity: dice.between(1, 4),
  }))
}

function life(dice: Dice, place: CustomerCommand, totalCents: number): readonly CustomerCommand[] {
  const pay: CustomerCommand = { type: 'PayOrder', cents: totalCents }
  const cancel: CustomerCommand = { type: 'CancelOrder' }
  const chance = dice.between(1, 100)
  if (chance <= 64) return [place, pay]
  // May meet the shipping service at the same order.
  if (chance <= 76) return [place, pay, cancel]
  if (chance <= 82) return [place, cancel]
  if (chance <= 86) return [place]
  // What the rules refuse.
  if (chance <= 91) return [place, { ...pay, cents: totalCents + 1 }, pay]
  if (chance <= 95) return [place, pay, pay]
  if (chance <= 97) return [place, cancel, pay]
  return [{ ...place, type: 'PlaceOrder', customer: 'nobody', items: [] }]
}
