/**
 * Gives the event loop a turn. A backend in memory answers without one: whoever loops over it must let the
 * others in, as a real round trip does by itself.
 */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
