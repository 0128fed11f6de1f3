/** What one round does to a relay, its source or its target. */
export type RelayBlow = 'before-call' | 'after-call' | 'random' | 'paused' | 'source' | 'target'

/** What each blow is, for the summary. */
export const relayBlowTitles: Readonly<Record<RelayBlow, string>> = {
  'before-call': 'a relay ends before it calls its target',
  'after-call': 'a relay ends after a call to its target, before it hears of it',
  random: 'a relay is killed at a random moment',
  paused: 'a relay is paused until another took over, and woken up beside it',
  source: 'the server of its source is killed',
  target: 'the server of its target, or a node of it, is killed',
}

// The keys of a literal that is never changed.
export const relayBlows = Object.keys(relayBlowTitles) as readonly RelayBlow[]
