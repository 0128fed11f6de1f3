export type * from './adapter.ts'
export type * from './backend.ts'
export type * from './capabilities.ts'
export type * from './document-store.ts'
export type * from './event-store.ts'
export type * from './event-stream.ts'
export type * from './event.ts'
export type * from './consumer/subscription.ts'
export type * from './contract/event-contract.ts'
export type * from './contract/event-definition.ts'
export { defineEvents } from './contract/define-events.ts'
export {
  EventStoreError,
  RevisionConflictError,
  VersionConflictError,
  invalidArgument,
  notSupported,
  type EventStoreErrorCode,
  type EventStoreErrorOptions,
  type ExpectedVersion,
  type Outcome,
} from './error.ts'
export { murmur2, partitionOf } from './partition.ts'
export { comparePositions, type Position, type Token } from './position.ts'
export { categoryOf, type StreamId } from './stream-id.ts'
export { checkManifest, createManifest, FORMAT_VERSION, type StoreManifest } from './store-manifest.ts'
export { createBackend, createTransaction } from './create-backend.ts'
export { streamDeleted } from './wrapped-event-store.ts'
export { open } from './registry.ts'
