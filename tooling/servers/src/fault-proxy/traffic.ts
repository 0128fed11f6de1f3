import type { RequestFault } from './request-fault.ts'

/** What the proxy does with bytes at this moment; one object, shared by all its connections. */
export interface Traffic {
  /** Milliseconds by which each chunk is late, in each direction. */
  delayMs: number
  /** While true nothing is forwarded; what arrives waits, as on a network that has stopped delivering. */
  held: boolean
  /** What is to become of one request, when anything is. */
  fault: RequestFault | undefined
  /** Whether requests and replies can be told apart. */
  readonly protocol: 'kafka' | 'other'
}
