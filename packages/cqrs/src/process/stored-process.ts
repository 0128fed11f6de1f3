import { invalidArgument, placeInStream, type RecordedEvent } from '@eventspine/core'
import { v5 } from 'uuid'
import { checkTime } from '../schedule/scheduled-message.ts'
import type { NewTimeout, ProcessCommand, Reaction, Receivers } from './reaction.ts'

/** The UUIDv5 namespace of commands and timeouts of processes; made for this and used for nothing else. */
const NAMESPACE = '0c5d9c1b-6a5e-4d0f-8f0b-3f2d1f0c7b64'

/** Something that a process has decided to do and that is not known to be done. */
export type Output<To extends Receivers> =
  | (ProcessCommand<To> & {
      readonly kind: 'command'
      /** The command's id. */
      readonly id: string
      /**
       * The one version of its stream at which it may be decided. It is written here before the first try, and
       * raised only when the stream has passed it: a try that was paused for however long can then do no harm.
       */
      readonly at?: number
    })
  | { readonly kind: 'timeout'; readonly id: string; readonly name: string; readonly dueAtMs: number }
  | { readonly kind: 'cancel'; readonly id: string }

/**
 * A process as it is stored: state, what it has taken in, and what it has still to do, in one document that is
 * only ever replaced at the revision that was read. So an input has its whole effect once or not at all.
 */
export interface StoredProcess<State, To extends Receivers> {
  readonly format: 1
  readonly state: State
  readonly status: 'running' | 'ended'
  /** Of the first event; all its commands carry it. */
  readonly correlationId: string
  /** How far it has taken in each stream. */
  readonly streams: Readonly<Record<string, number>>
  /** The timeouts that are set, by name. */
  readonly timeouts: Readonly<Record<string, { readonly id: string; readonly dueAtMs: number }>>
  readonly outputs: readonly Output<To>[]
  /** Outputs so far: it numbers them, so that the same output always has the same id. */
  readonly sequence: number
}

/** Whose outputs are numbered, and what time it is. */
export interface Recording {
  readonly name: string
  readonly key: string
  readonly nowMs: number
  readonly timeoutNames: readonly string[]
  readonly receivers: Receivers
}

/** A process that has taken in nothing. */
export function unbegun<State, To extends Receivers>(
  state: State,
  correlationId: string,
): StoredProcess<State, To> {
  return {
    format: 1,
    state,
    status: 'running',
    correlationId,
    streams: {},
    timeouts: {},
    outputs: [],
    sequence: 0,
  }
}

export function hasTaken<State, To extends Receivers>(
  { streams }: StoredProcess<State, To>,
  event: RecordedEvent,
): boolean {
  return (streams[event.streamId] ?? 0) >= placeInStream(event)
}

export function taking<State, To extends Receivers>(
  process: StoredProcess<State, To>,
  event: RecordedEvent,
): StoredProcess<State, To> {
  return { ...process, streams: { ...process.streams, [event.streamId]: placeInStream(event) } }
}

/** The process without a timeout that came, or `undefined` when it is not, or no longer, waiting for it. */
export function takingTimeout<State, To extends Receivers>(
  process: StoredProcess<State, To>,
  name: string,
  id: string,
): StoredProcess<State, To> | undefined {
  if (process.timeouts[name]?.id !== id) return undefined
  const { [name]: _came, ...timeouts } = process.timeouts
  return { ...process, timeouts }
}

/**
 * The process after a reaction, with what is to be done in its outputs.
 *
 * @throws {@link EventStoreError} `INVALID_ARGUMENT` naming the part of the reaction that cannot be carried out.
 */
export function reacting<State, To extends Receivers>(
  process: StoredProcess<State, To>,
  reaction: Reaction<State, To> | undefined,
  recording: Recording,
): StoredProcess<State, To> {
  if (reaction === undefined) return process
  const { cancel = [], timeouts = [], commands = [], end = false } = reaction
  const outputs = [...process.outputs]
  const set = new Map(Object.entries(process.timeouts))
  let { sequence } = process
  const nextId = (): string => {
    sequence++
    return v5(`${recording.name}\n${recording.key}\n${sequence}`, NAMESPACE)
  }
  const unset = (name: string): void => {
    const standing = set.get(name)
    if (standing === undefined) return
    set.delete(name)
    outputs.push({ kind: 'cancel', id: standing.id })
  }
  cancel.forEach(unset)
  timeouts.forEach((timeout, index) => {
    const dueAtMs = dueTime(timeout, `timeouts[${index}]`, recording)
    unset(timeout.name)
    const id = nextId()
    set.set(timeout.name, { id, dueAtMs })
    outputs.push({ kind: 'timeout', id, name: timeout.name, dueAtMs })
  })
  if (end) [...set.keys()].forEach(unset)
  commands.forEach((command, index) => {
    checkCommand(command, `commands[${index}]`, recording)
    const { to, stream, command: body } = command
    // Sound: the parts of a union's member, put together again.
    outputs.push({ kind: 'command', id: nextId(), to, stream, command: body } as Output<To>)
  })
  return {
    ...process,
    state: 'state' in reaction && reaction.state !== undefined ? reaction.state : process.state,
    status: end ? 'ended' : process.status,
    timeouts: Object.fromEntries(set),
    outputs,
    sequence,
  }
}

function dueTime({ name, inMs, at }: NewTimeout, field: string, recording: Recording): number {
  if (!recording.timeoutNames.includes(name))
    throw invalidArgument(`${field}.name`, 'has no entry in onTimeout')
  if ((inMs === undefined) === (at === undefined)) throw invalidArgument(field, 'needs inMs or at, not both')
  return at === undefined
    ? checkTime(recording.nowMs + (inMs ?? Number.NaN), `${field}.inMs`)
    : checkTime(at, `${field}.at`)
}

function checkCommand(
  { to, stream }: { readonly to: string; readonly stream: string },
  field: string,
  { receivers }: Recording,
): void {
  if (!Object.hasOwn(receivers, to)) throw invalidArgument(`${field}.to`, 'is not one of the receivers')
  if (typeof stream !== 'string' || stream === '')
    throw invalidArgument(`${field}.stream`, 'must be a string that is not empty')
}
