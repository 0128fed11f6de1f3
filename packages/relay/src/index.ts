export {
  relay,
  relayOnce,
  type Relay,
  type RelayLag,
  type RelayRunResult,
  type RelaySource,
  type RelayTarget,
} from './relay.ts'
export type { RelayNotice, RelayOptions } from './relay-options.ts'
