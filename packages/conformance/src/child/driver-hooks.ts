import type { Backend, OpenOptions } from '@eventspine/core'

/**
 * Told of every call of a database driver, from inside the process that makes it. What it does may end the
 * process on the spot.
 */
export interface DriverHooks {
  /** Nothing was sent yet. */
  beforeSend(): void
  /** Everything was handed to the operating system. */
  sent(): void
  /** For an engine inside this process: it is about to work, and this thread will not get a word in. */
  working(): void
  /** The reply is here, the caller does not know. */
  replied(): void
}

/**
 * What a module for child processes may export beside `openUrl`, so that a process can be ended at a chosen
 * call of the driver.
 */
export interface HookedModule {
  openHooked(url: string, options: OpenOptions, hooks: DriverHooks): Promise<Backend>
}
