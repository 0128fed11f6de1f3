export { openWithPayloads, type OpenWithPayloadsOptions, type PayloadUrls } from './open-with-payloads.ts'
export type { EventShape, PayloadOptions, SegmentOptions } from './options.ts'
export { withPayloads } from './with-payloads.ts'
