export { registerCases, runCase } from './case-runner.ts'
export { ChildProcess } from './child/child-process.ts'
export type { DriverHooks, HookedModule } from './child/driver-hooks.ts'
export type { CrashPoint } from './child/protocol.ts'
export { documentCases } from './document-cases.ts'
export { eventually } from './eventually.ts'
export { LAWS, type Law } from './laws.ts'
export type {
  Case,
  CaseContext,
  CaseOptions,
  ChildAccess,
  KitOptions,
  OpenRequest,
  PayloadAccess,
  Runner,
  TestBackend,
} from './kit.ts'
export { payloadCases } from './payload-cases.ts'
export { Random } from './random.ts'
export { relayCases } from './relay-cases.ts'
export { storeCases } from './store-cases.ts'
export { streamCases } from './stream-cases.ts'
export { testBed, type TestBedOptions } from './test-bed.ts'
export { testDocumentStore } from './test-document-store.ts'
export { testEventStore } from './test-event-store.ts'
export { testEventStream } from './test-event-stream.ts'
export { testPayloads } from './test-payloads.ts'
export { testRelayTarget } from './test-relay-target.ts'
export { checkHistory, type CheckedHistory } from './torture/check/check-history.ts'
export type { CheckedGroup } from './torture/check/check-consumers.ts'
export type { TriedOperation } from './torture/check/operations.ts'
export type { Violation, ViolationKind } from './torture/check/violation.ts'
export type { ConsumerRecorderOptions } from './torture/consumer-recorder.ts'
export { Fleet, type FleetMember, type FleetOptions, type Settled } from './torture/fleet.ts'
export type { HistoryRecord } from './torture/history.ts'
export { readLogEvents } from './torture/log-contents.ts'
export type { StoreContents } from './torture/store-contents.ts'
