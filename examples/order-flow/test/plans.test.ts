import { expect, test } from 'vitest'
import { planOrder } from '../src/customers/plan-order.ts'
import { planKills } from '../src/flow/plan-kills.ts'
import { serviceNames } from '../src/service/report.ts'

const plans = Array.from({ length: 300 }, (_, index) => planOrder('run', 7, index + 1))

test('the same seed plans the same orders, another seed others', () => {
  expect(plans.map((_, index) => planOrder('run', 7, index + 1))).toEqual(plans)
  expect(plans.map((_, index) => planOrder('run', 8, index + 1))).not.toEqual(plans)
})

test('every order has an id of its own, and every command of it', () => {
  expect(new Set(plans.map(({ id }) => id)).size).toBe(300)
  const commands = plans.flatMap(({ steps }) => steps.map(({ id }) => id))
  expect(new Set(commands).size).toBe(commands.length)
})

test('customers do all there is to do: pay, cancel before and after, forget, and err', () => {
  const lives = plans.map(({ steps }) => steps.map(({ command }) => command.type).join(' '))
  for (const life of [
    'PlaceOrder',
    'PlaceOrder PayOrder',
    'PlaceOrder CancelOrder',
    'PlaceOrder PayOrder CancelOrder',
    'PlaceOrder PayOrder PayOrder',
    'PlaceOrder CancelOrder PayOrder',
  ])
    expect(lives).toContain(life)
  expect(new Set(plans.map(({ customer }) => customer)).size).toBe(8)
})

test('kills come in order, within the run, and meet every service before one meets it twice', () => {
  const kills = planKills(7, 8, 300, serviceNames)
  const numbers = kills.map(({ atOrder }) => atOrder)
  expect(numbers).toEqual(numbers.toSorted((a, b) => a - b))
  expect(numbers.every((number) => number >= 1 && number <= 300)).toBe(true)
  for (const name of serviceNames) expect(kills.filter(({ service }) => service === name)).toHaveLength(2)
  expect(planKills(7, 8, 300, serviceNames)).toEqual(kills)
  expect(planKills(7, 0, 300, serviceNames)).toEqual([])
  expect(planKills(7, 3, 1, serviceNames).map(({ atOrder }) => atOrder)).toEqual([1, 1, 1])
})
