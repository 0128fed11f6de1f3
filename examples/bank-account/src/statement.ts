import type { DomainEventOf } from '@eventspine/core'
import { account } from './account.ts'

export interface StatementLine {
  readonly version: number
  readonly text: string
  /** Positive for a deposit, negative for a withdrawal, 0 for neither. */
  readonly cents: number
  readonly balance: number
}

const LINES_KEPT = 8

/** The latest bookings of one account: a live projection, folded when somebody asks and stored nowhere. */
export const statement = {
  events: account,
  initialState: (): readonly StatementLine[] => [],
  evolve: (
    lines: readonly StatementLine[],
    event: DomainEventOf<typeof account>,
  ): readonly StatementLine[] => {
    const { version, balance } = lines.at(-1) ?? { version: 0, balance: 0 }
    const { text, cents } = booking(event)
    return [...lines.slice(1 - LINES_KEPT), { version: version + 1, text, cents, balance: balance + cents }]
  },
}

function booking(event: DomainEventOf<typeof account>): Pick<StatementLine, 'text' | 'cents'> {
  switch (event.type) {
    case 'AccountOpened':
      return { text: `opened for ${event.data.owner}`, cents: 0 }
    case 'MoneyDeposited':
      return { text: 'deposit', cents: event.data.cents }
    case 'MoneyWithdrawn':
      return { text: 'withdrawal', cents: -event.data.cents }
    case 'AccountClosed':
      return { text: 'closed', cents: 0 }
  }
}
