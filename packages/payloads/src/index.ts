export { collectOrphans, type Collected, type CollectOptions, type Orphan } from './collect-orphans.ts'
export { openWithPayloads, type OpenWithPayloadsOptions, type PayloadUrls } from './open-with-payloads.ts'
export type { EventShape, PayloadOptions, SegmentOptions } from './options.ts'
export { withPayloads } from './with-payloads.ts'
