export { registerCases, runCase } from './case-runner.ts'
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
  Runner,
  TestBackend,
} from './kit.ts'
export { storeCases } from './store-cases.ts'
export { testDocumentStore } from './test-document-store.ts'
export { testEventStore } from './test-event-store.ts'
