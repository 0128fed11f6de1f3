import { domainError } from '@eventspine/cqrs'

/** 90 trillion: beyond it a sum of cents would lose digits. */
const MOST_CENTS = Number.MAX_SAFE_INTEGER

/**
 * Checks an amount of money that somebody wants to move.
 *
 * @throws a domain error: `AMOUNT_NOT_POSITIVE`, `AMOUNT_NOT_WHOLE_CENTS`, `AMOUNT_TOO_LARGE`.
 */
export function checkAmount(cents: number): void {
  if (!(cents > 0)) throw domainError('AMOUNT_NOT_POSITIVE', 'an amount must be more than nothing', { cents })
  if (cents > MOST_CENTS) throw domainError('AMOUNT_TOO_LARGE', 'no account can hold that much', { cents })
  if (!Number.isInteger(cents)) {
    throw domainError('AMOUNT_NOT_WHOLE_CENTS', 'there are no fractions of a cent', { cents })
  }
}

/** @throws a domain error: `AMOUNT_TOO_LARGE`. */
export function checkBalance(cents: number): void {
  if (cents > MOST_CENTS) throw domainError('AMOUNT_TOO_LARGE', 'no account can hold that much', { cents })
}

const money = new Intl.NumberFormat('en', { minimumFractionDigits: 2 })

/** `1,234.50` */
export function formatMoney(cents: number): string {
  return money.format(cents / 100)
}
