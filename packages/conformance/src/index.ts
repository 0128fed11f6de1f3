export { registerCases, runCase } from './case-runner.ts'
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
