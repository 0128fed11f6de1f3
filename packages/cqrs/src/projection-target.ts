import type { SubscribeOptions } from '@eventspine/core'
import type { Build } from './projection-build.ts'
import type { Definition } from './projection-catalogue.ts'

/** Where a projection's builds are kept, and how: documents, or tables. */
export interface ProjectionTarget<Native> {
  readonly definition: Definition
  /** Makes what a build is written to, unless it is there. */
  prepare(build: Build): Promise<void>
  /** How a subscription applies events to a build. */
  consume(build: Build, isRebuilding: () => boolean): Pick<SubscribeOptions<Native>, 'handlers' | 'effects'>
  /** Lets a build serve, in one step; that it does already is no error. */
  promote(build: Build, keepOld: boolean): Promise<void>
  remove(build: Build, signal: AbortSignal): Promise<void>
}
