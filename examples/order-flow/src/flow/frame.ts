import Table from 'cli-table3'
import { formatMoney } from '../order/money.ts'
import { totalSales, type CustomerSales } from '../order/sales.ts'
import type { ServiceState } from './fleet.ts'
import type { FlowState } from './flow-state.ts'
import type { Paint } from './paint.ts'

const BAR_WIDTH = 40
const NOTES_SHOWN = 6

/** The dashboard as a screen full of text. */
export function frame(state: FlowState, paint: Paint): string {
  const { route, seed, elapsedMs, services } = state
  return [
    `${paint('bold', 'Order flow')}  ${route}  ${paint('dim', `seed ${seed}, ${clock(elapsedMs)}`)}`,
    '',
    ...services.map((service) => serviceLine(service, paint)),
    '',
    ...progressLines(state, paint),
    '',
    salesTable(state, paint),
    '',
    ...state.latest.map((line) => `  ${paint('dim', line)}`),
    '',
    ...state.notes.slice(-NOTES_SHOWN).map(({ atMs, text }) => {
      const isBlow = /killed|by itself/.test(text)
      return `  ${paint('dim', clock(atMs))}  ${isBlow ? paint('red', text) : text}`
    }),
  ].join('\n')
}

/** `1:05` */
export function clock(elapsedMs: number): string {
  const seconds = Math.floor(elapsedMs / 1000)
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}

function serviceLine({ name, status, pid, kills, progress }: ServiceState, paint: Paint): string {
  const mark = status === 'up' ? paint('green', '●') : paint('yellow', '◌')
  const what = status === 'up' ? `process ${pid}` : status
  const blows = kills === 0 ? '' : `killed ${kills} ×`
  return `  ${mark} ${name.padEnd(14)} ${what.padEnd(15)} ${paint('red', blows.padEnd(11))} ${paint('dim', progress)}`
}

function progressLines(state: FlowState, paint: Paint): readonly string[] {
  const { begun, orders, stored, onTheWay, toShip, uncounted, sentAgain, lostAnswers } = state
  const filled = Math.round((BAR_WIDTH * begun) / orders)
  const bar = paint('cyan', '█'.repeat(filled)) + paint('dim', '░'.repeat(BAR_WIDTH - filled))
  const behind = [
    waiting(onTheWay, 'on the way to the stream', paint),
    waiting(toShip, 'paid and not shipped', paint),
    waiting(uncounted, 'not counted yet', paint),
  ]
  return [
    `  ${bar} ${begun} of ${orders} orders begun`,
    `  ${stored} events stored: ${behind.join(', ')}`,
    `  ${sentAgain} commands sent again, ${lostAnswers} of them had happened`,
  ]
}

function waiting(number: number, what: string, paint: Paint): string {
  return number === 0 ? paint('dim', `0 ${what}`) : `${paint('yellow', String(number))} ${what}`
}

function salesTable({ sales }: FlowState, paint: Paint): string {
  const head = ['customer', 'placed', 'paid', 'shipped', 'cancelled', 'revenue']
  const table = new Table({
    head: head.map((title) => paint('cyan', title)),
    colAligns: ['left', 'right', 'right', 'right', 'right', 'right'],
    colWidths: [12, 9, 9, 9, 11, 15],
    // Borders would be most of what there is to see.
    chars: noBorders,
    style: { head: [], border: [], compact: true },
  })
  for (const [customer, one] of Object.entries(sales).toSorted(byName)) table.push(salesRow(customer, one))
  table.push(salesRow('all', totalSales(sales)).map((cell) => paint('bold', cell)))
  return table.toString()
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1
}

function salesRow(customer: string, { placed, paid, shipped, cancelled, cents }: CustomerSales): string[] {
  return [customer, String(placed), String(paid), String(shipped), String(cancelled), formatMoney(cents)]
}

const noBorders = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: ' ',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '',
}
