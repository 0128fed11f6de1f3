export { MemoryDatabase } from './database.ts'
export { Faults, type FaultOptions, type Step } from './faults.ts'
export { memory, memoryAdapter, openUrl, type MemoryOptions } from './memory.ts'
