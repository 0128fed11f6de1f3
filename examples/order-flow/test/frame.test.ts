import { expect, test } from 'vitest'
import type { FlowState } from '../src/flow/flow-state.ts'
import { frame } from '../src/flow/frame.ts'
import { paintFor } from '../src/flow/paint.ts'

const state: FlowState = {
  route: 'store postgres → relay → kafka → shipping, dashboard',
  seed: 7,
  orders: 300,
  elapsedMs: 65_400,
  begun: 150,
  services: [
    { name: 'relay', status: 'up', pid: 42, kills: 1, progress: '4 partitions, 0 events behind' },
    { name: 'shipping', status: 'starting', pid: 43, kills: 0, progress: '' },
  ],
  sentAgain: 3,
  lostAnswers: 1,
  stored: 400,
  onTheWay: 12,
  toShip: 0,
  uncounted: 15,
  sales: {
    grace: { placed: 2, paid: 1, shipped: 0, cancelled: 1, cents: 0 },
    ada: { placed: 100, paid: 90, shipped: 80, cancelled: 3, cents: 123_450 },
  },
  latest: ['order:a ada paid 4.50'],
  notes: [{ atMs: 61_000, text: 'killed relay (kill -9 41)' }],
}

test('the screen shows the parts, what waits, the sales, and what happened', () => {
  const text = frame(state, paintFor({ isTTY: false }, {}))
  const lines = text.split('\n').map((line) => line.trim().replaceAll(/ +/g, ' '))
  expect(lines[0]).toBe('Order flow store postgres → relay → kafka → shipping, dashboard seed 7, 1:05')
  expect(lines).toContain('● relay process 42 killed 1 × 4 partitions, 0 events behind')
  expect(lines).toContain('◌ shipping starting')
  expect(lines).toContain(`${'█'.repeat(20)}${'░'.repeat(20)} 150 of 300 orders begun`)
  expect(lines).toContain(
    '400 events stored: 12 on the way to the stream, 0 paid and not shipped, 15 not counted yet',
  )
  const sales = lines.filter((line) => /^(ada|grace|all) /.test(line))
  expect(sales).toEqual(['ada 100 90 80 3 1,234.50', 'grace 2 1 0 1 0.00', 'all 102 91 80 4 1,234.50'])
  expect(lines.at(-1)).toBe('1:01 killed relay (kill -9 41)')
})

test('colours are for terminals of people who want them', () => {
  const coloured = frame(state, paintFor({ isTTY: true }, {}))
  expect(coloured).toContain('[31mkilled relay')
  const plain = frame(state, paintFor({ isTTY: false }, {}))
  expect(frame(state, paintFor({ isTTY: true }, { NO_COLOR: '1' }))).toBe(plain)
  expect(coloured.replaceAll(/\u001b\[\d+m/g, '')).toBe(plain)
})
