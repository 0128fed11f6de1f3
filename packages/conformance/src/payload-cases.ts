import { payloadOrphanCases } from './cases/payload-orphans.ts'
import { payloadCases as writingCases } from './cases/payloads.ts'
import type { Case } from './kit.ts'

/** Every case of a backend that keeps the data of its events apart. */
export const payloadCases: readonly Case[] = [...writingCases, ...payloadOrphanCases]
