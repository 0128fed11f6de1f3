export { MemoryDatabase } from './database.ts'
export { Faults, type FaultOptions, type Step } from './faults.ts'
export { memory, openUrl, type MemoryOptions } from './memory.ts'
