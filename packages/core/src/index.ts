export type {
  AdapterTransaction,
  BackendAdapter,
  Codec,
  Commit,
  CommitOutcome,
  DocumentAddress,
  DocumentBatchOutcome,
  DocumentPage,
  DocumentPageRequest,
  DocumentStoreAdapter,
  EncodedDocumentWrite,
  EncodedEvent,
  EventStoreAdapter,
  ExpectedRevision,
  FeedAdapter,
  FeedHead,
  FeedPage,
  FeedPageRequest,
  ImportedEvent,
  RemovalOutcome,
  StoredDocument,
  StoredEvent,
  StoredHead,
  StreamAppend,
  StreamOutcome,
  StreamPage,
  StreamPageRequest,
  StreamRemoval,
} from './adapter.ts'
export type {
  EventLogAdapter,
  RelayedEvent,
  RelayPosition,
  RelayRequest,
  RelaySessionAdapter,
  RelayTargetAdapter,
} from './log-adapter.ts'
export type {
  CompetingAdapter,
  CompetingDelivery,
  CompetingFailure,
  CompetingGroupAddress,
  CompetingMemberAdapter,
  CompetingRequest,
  CompetingState,
  CompetingTry,
  ParkOutcome,
} from './competing-adapter.ts'
export { writeRelayed, type RelayLimits } from './relay-batches.ts'
export type { RelayChange, RelayEvent, RelaySession } from './relay-session.ts'
export type { AdapterModule, AdapterRegistry, Backend, OpenOptions, Transaction } from './backend.ts'
export type { Capabilities, Scope } from './capabilities.ts'
export type {
  CollectionOptions,
  Document,
  DocumentCollection,
  DocumentOptions,
  DocumentStore,
  DocumentWrite,
  ListOptions,
  PutOptions,
  RevisionExpectation,
} from './document-store.ts'
export type {
  AppendOptions,
  AppendResult,
  CommitRequest,
  CommitResult,
  CommitStream,
  EventRead,
  EventStore,
  FeedOptions,
  FeedRead,
  FeedSlice,
  ImportEvent,
  ReadOptions,
  RemoveOptions,
  StreamHead,
  StreamResult,
} from './event-store.ts'
export type { EventStream, PublishEvent, PublishResult } from './event-stream.ts'
export type {
  GroupAdapter,
  GroupAssignment,
  GroupCheckpoint,
  GroupMember,
  GroupParked,
  GroupPartition,
  GroupRequest,
} from './group-adapter.ts'
export type { EventMetadata, EventOrigin, JsonValue, NewEvent, PlainEvent, RecordedEvent } from './event.ts'
export type {
  ConsumerGroup,
  ConsumerNotice,
  FailurePolicy,
  Handler,
  HandlerContext,
  HandlerDocuments,
  HandlerMap,
  HandlerPutOptions,
  ParkedStream,
  PartitionLag,
  RetryPolicy,
  RunResult,
  SubscribeOptions,
  Subscription,
} from './consumer/subscription.ts'
export type {
  ContractHandlers,
  ContractOptions,
  ContractStore,
  DeprecatedEvent,
  EventContract,
  EventOptions,
  ValidateOption,
} from './contract/event-contract.ts'
export type {
  ContractEvent,
  ContractShape,
  DataInput,
  DataOutput,
  DeprecatedTypeOf,
  Deprecation,
  DeprecationOf,
  DomainEvent,
  EarlierVersion,
  DomainEventOf,
  EventDefinition,
  EventDefinitions,
  EventOf,
  NewEventOf,
  TypeOf,
  ValidEvent,
  ValidEventOf,
} from './contract/event-definition.ts'
export { defineEvents } from './contract/define-events.ts'
export { deprecated } from './contract/deprecated-event.ts'
export { versions, type VersionedEvent } from './contract/event-versions.ts'
export { checkContractLock, type ContractLockOptions } from './contract/lock/check-contract-lock.ts'
export { contractChanges, type ContractChange } from './contract/lock/contract-changes.ts'
export {
  contractLock,
  type ContractLock,
  type LockableContract,
  type LockedContract,
  type LockedEvent,
  type LockedLegacy,
  type ToJsonSchema,
} from './contract/lock/contract-lock.ts'
export { placeInStream } from './contract/event-view.ts'
export {
  readAs,
  type LegacyEvent,
  type LegacyEvents,
  type ReadPart,
  type UnknownEvents,
} from './contract/legacy-event.ts'
export {
  EventStoreError,
  RevisionConflictError,
  VersionConflictError,
  invalidArgument,
  notSupported,
  streamDeleted,
  type EventStoreErrorCode,
  type EventStoreErrorOptions,
  type ExpectedVersion,
  type Outcome,
} from './error.ts'
export { murmur2, partitionOf } from './partition.ts'
export {
  comparePositions,
  parsePosition,
  parseToken,
  type ParsedPosition,
  type Position,
  type Token,
} from './position.ts'
export { asDelivered } from './published.ts'
export { categoryOf, type StreamId } from './stream-id.ts'
export { checkManifest, createManifest, FORMAT_VERSION, type StoreManifest } from './store-manifest.ts'
export { FeedWake } from './feed-wake.ts'
export { abortableDelay, backoffMs } from './consumer/delay.ts'
export { isTransient } from './consumer/checkpoint.ts'
export { adapterOf, createBackend, createTransaction } from './create-backend.ts'
export { documentPartsOf, type DocumentStoreParts } from './wrapped-document-store.ts'
export { CHECKPOINTS } from './consumer/checkpoint.ts'
export { deduplicated, type DeduplicationOptions } from './consumer/deduplicated.ts'
export { firstNeeded } from './consumer/first-needed.ts'
export { open } from './registry.ts'
