/** Something outside that takes commands of a process: made by {@link external}. */
export interface ExternalReceiver<Command> {
  readonly kind: 'external'
  /** Only a type: nothing is there. */
  readonly command?: Command
}

/**
 * Declares a receiver that is no decider of ours: mail, another service. What takes its commands is given to
 * {@link runProcess}, and must take each at least once.
 */
export function external<Command>(): ExternalReceiver<Command> {
  return { kind: 'external' }
}

/** A decider as a receiver of commands: what is asked of its types. */
export interface DecidingReceiver {
  readonly events: { readonly category: string }
  readonly decide: (command: never, state: never) => unknown
}

/** Who takes the commands of a process, by name. */
export type Receivers = Readonly<Record<string, DecidingReceiver | ExternalReceiver<unknown>>>

type CommandOfReceiver<Receiver> = Receiver extends {
  readonly decide: (command: infer Command, state: never) => unknown
}
  ? Command
  : Receiver extends ExternalReceiver<infer Command>
    ? Command
    : never

/** A command of a process, as a union that narrows on `to`. */
export type ProcessCommand<To extends Receivers> = {
  [Name in keyof To & string]: {
    /** The receiver. */
    readonly to: Name
    /** Its stream: the id within its category, or the whole stream id. Of an external receiver any text. */
    readonly stream: string
    /** JSON. */
    readonly command: CommandOfReceiver<To[Name]>
  }
}[keyof To & string]

/** A timeout to set: it comes back to `onTimeout` unless it is cancelled, set anew, or the process ends before. */
export interface NewTimeout<Name extends string = string> {
  readonly name: Name
  /** Milliseconds from now, by the clock of the process that handles the input. Give this or `at`. */
  readonly inMs?: number | undefined
  readonly at?: Date | number | undefined
}

/** What a process does about an input. */
export interface Reaction<State, To extends Receivers> {
  /** The next state; absent: as it is. JSON. */
  readonly state?: State
  /** Carried out in this order, each once, after state and timeouts are safe. */
  readonly commands?: readonly ProcessCommand<To>[] | undefined
  /** Of a name that is set already: set anew. */
  readonly timeouts?: readonly NewTimeout[] | undefined
  /** Names of timeouts; one that is not set is passed over. */
  readonly cancel?: readonly string[] | undefined
  /** It is over: its timeouts are cancelled, later events and timeouts pass by. Refusals are still told. */
  readonly end?: boolean | undefined
}

/** A command that its receiver refused with a domain error: it had no effect and will have none. */
export type Refusal<To extends Receivers> = ProcessCommand<To> & {
  readonly code: string
  readonly message: string
}

/** A timeout that came. */
export interface Timeout {
  readonly name: string
  /** When it was due; milliseconds since the epoch. */
  readonly dueAtMs: number
}

/** What a process knows of itself. */
export interface ProcessContext {
  readonly key: string
}
