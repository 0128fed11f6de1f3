import type {
  ConsumerNotice,
  ExpectedVersion,
  NewEvent,
  OpenOptions,
  PublishEvent,
  SubscribeOptions,
  Token,
} from '@eventspine/core'
import type { WorkloadOptions } from '../torture/workload.ts'
import type { Operation } from '../torture/operation.ts'
import type { ContentsRequest, StoreContents } from '../torture/store-contents.ts'

/** Where in a call of the database driver a process ends itself. */
export type CrashPoint =
  /** Nothing was sent. */
  | 'before-send'
  /** It was sent, its reply was not looked at. */
  | 'sent'
  /** The reply arrived, nobody was told. */
  | 'replied'

/** What a child process does when it is told to, by name. Everything in it survives JSON. */
export interface ChildCommands {
  /** Loads an adapter's module, so that opening takes less time later. */
  load: { request: { readonly module: string }; reply: null }
  /** Opens the store; to be sent before all others. */
  open: {
    request: { readonly module: string; readonly url: string; readonly options: OpenOptions }
    reply: { readonly incarnation: string }
  }
  append: {
    request: {
      readonly streamId: string
      readonly events: readonly NewEvent[]
      readonly expectedVersion: ExpectedVersion
    }
    reply: { readonly version: number; readonly token: string; readonly repeated: boolean }
  }
  /** Appends one event after the other at `any`, each acknowledged by a note. */
  appendEach: {
    request: { readonly streamIds: readonly string[]; readonly ids: readonly string[] }
    reply: null
  }
  /** Tries to append at every version below `versions`, one after the other. */
  race: {
    request: { readonly streamId: string; readonly ids: readonly string[] }
    /** Whether this process won that version. */
    reply: readonly boolean[]
  }
  publish: { request: { readonly events: readonly PublishEvent[] }; reply: { readonly token: string } }
  /** Publishes one event after the other, each acknowledged by a note. */
  publishEach: {
    request: { readonly streamIds: readonly string[]; readonly ids: readonly string[] }
    reply: null
  }
  /** Relays a list of events to the end, page by page, each told by a note. */
  relay: { request: ChildRelay; reply: null }
  /** Reads a partition's feed from its start and goes on; each event is told by a note. */
  tail: { request: { readonly partition: number }; reply: null }
  consume: { request: ChildConsumer; reply: null }
  stopConsumer: { request: { readonly name: string }; reply: null }
  /** Lets a handler that holds go on. */
  release: { request: { readonly name: string }; reply: null }
  /** Starts feed readers and consumers, and opens the journal. */
  startWorkload: { request: WorkloadOptions; reply: null }
  resumeWriting: { request: null; reply: null }
  /** Ends writers after what they have in hand; feed readers and consumers go on. */
  stopWriting: { request: null; reply: null }
  /** Tries operations once more, one after the other, whose outcome nobody knows. */
  decide: { request: { readonly operations: readonly Operation[] }; reply: null }
  /** Waits until feed readers and consumers have seen everything, what was acknowledged up to `token` included. */
  catchUp: { request: { readonly timeoutMs: number; readonly token: Token }; reply: null }
  contents: { request: ContentsRequest; reply: StoreContents }
  /** Ends itself with SIGKILL at that call of the driver, counted from now. */
  armCrash: { request: { readonly point: CrashPoint; readonly call: number }; reply: null }
  close: { request: null; reply: null }
}

export type CommandName = keyof ChildCommands

/** A consumer in a child process whose handler tells what it does by notes. */
export interface ChildConsumer extends Pick<
  SubscribeOptions,
  'group' | 'ordering' | 'effects' | 'leaseMs' | 'maxInFlightEvents' | 'concurrency' | 'startFrom'
> {
  readonly name: string
  /** The handler of this id waits for the command `release`, whatever `signal` says. */
  readonly holdAtId?: string
  /** Keeps, per stream, the owner's name and the count of its events in this collection. */
  readonly countIn?: string
}

/** A source of one partition, the same in every process. */
export interface ChildRelay {
  readonly relay: string
  readonly incarnation: string
  readonly events: readonly { readonly id: string; readonly streamId: string; readonly data: unknown }[]
  /** Of a page. */
  readonly limit: number
}

/** A handler starts on an event, or has succeeded with it. */
interface HandlerNote<Kind extends string> {
  readonly kind: Kind
  readonly name: string
  readonly id: string
  readonly streamId: string
  readonly version: number
  readonly partition: number
  readonly fencingToken: number
  readonly attempt: number
}

/** What a child says of its own accord. */
export type ChildNote =
  | {
      readonly kind: 'acknowledged'
      readonly streamId: string
      readonly id: string
      readonly version: number
    }
  | { readonly kind: 'seen'; readonly id: string; readonly position: string }
  | HandlerNote<'handling'>
  | HandlerNote<'handled'>
  | { readonly kind: 'relayed'; readonly position: string }
  | { readonly kind: 'aborted'; readonly name: string; readonly partition: number }
  | {
      readonly kind: 'notice'
      readonly name: string
      readonly notice: ConsumerNotice['kind']
      readonly partition: number | undefined
      readonly fencingToken: number | undefined
    }
  | { readonly kind: 'ended'; readonly name: string; readonly error: string | undefined }

export type NoteOf<Kind extends ChildNote['kind']> = Extract<ChildNote, { readonly kind: Kind }>

/** An error on its way between processes. */
export interface CarriedError {
  readonly name: string
  readonly message: string
  readonly code: string | undefined
  readonly outcome: string | undefined
  readonly retryable: boolean | undefined
}

export type ToChild = { readonly id: number; readonly command: CommandName; readonly request: unknown }

export type FromChild =
  | { readonly kind: 'ready' }
  | { readonly kind: 'reply'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'failure'; readonly id: number; readonly error: CarriedError }
  | { readonly kind: 'note'; readonly note: ChildNote }
