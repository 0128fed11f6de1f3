const money = new Intl.NumberFormat('en', { minimumFractionDigits: 2 })

/** `1,234.50` */
export function formatMoney(cents: number): string {
  return money.format(cents / 100)
}
