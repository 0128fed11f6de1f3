import { createLogUpdate } from 'log-update'
import { totalSales } from '../order/sales.ts'
import type { FlowState, Note } from './flow-state.ts'
import { clock, frame } from './frame.ts'
import type { Paint } from './paint.ts'

/** Where people watch. */
export interface View {
  note(note: Note): void
  update(state: FlowState): void
  /** What comes is printed below. */
  end(): void
}

const LINE_EVERY_MS = 2000

/** A screen that is drawn anew on a terminal; elsewhere a line now and then. */
export function openView(stream: NodeJS.WriteStream, environment: NodeJS.ProcessEnv, paint: Paint): View {
  return stream.isTTY && (environment['CI'] ?? '') === '' ? screenView(stream, paint) : lineView(stream)
}

function screenView(stream: NodeJS.WriteStream, paint: Paint): View {
  const draw = createLogUpdate(stream)
  let isDrawn = false
  return {
    note: ({ text }) => {
      // Later ones are part of the screen.
      if (!isDrawn) stream.write(`${text}\n`)
    },
    update: (state) => {
      isDrawn = true
      draw(frame(state, paint))
    },
    end: () => draw.done(),
  }
}

function lineView(stream: NodeJS.WriteStream): View {
  let lastLineAtMs = 0
  return {
    note: ({ atMs, text }) => stream.write(`${clock(atMs)}  ${text}\n`),
    update: (state) => {
      if (state.begun === 0 || state.elapsedMs - lastLineAtMs < LINE_EVERY_MS) return
      lastLineAtMs = state.elapsedMs
      stream.write(`${clock(state.elapsedMs)}  ${line(state)}\n`)
    },
    end: () => undefined,
  }
}

function line({ begun, orders, sales, onTheWay, toShip, uncounted }: FlowState): string {
  const { paid, shipped, cancelled } = totalSales(sales)
  const done = `${begun} of ${orders} orders begun, ${paid} paid, ${shipped} shipped, ${cancelled} cancelled`
  return `${done}; ${onTheWay} on the way, ${toShip} to ship, ${uncounted} to count`
}
