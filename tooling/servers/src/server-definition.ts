import type { ProcessIdentity } from './process-identity.ts'

/** What the tools need to know of one kind of server. One file each; `registry.ts` lists them. */
export interface ServerDefinition {
  readonly name: string
  /** For people: what it is and where it comes from; an emulator is called one. */
  readonly title: string
  /** The environment variable that holds the URL of a server to use in place of one started here. */
  readonly urlVariable: string
  /** How its processes are asked to end. */
  readonly stopSignal: NodeJS.Signals
  /** What ends them at once, when the process that they belong to exits and their data go too. */
  readonly exitSignal: NodeJS.Signals
  /**
   * Starts the server on the data in `request.folder`, or on new data when there are none.
   *
   * @returns once the server has answered a real request.
   * @throws {@link ServerStartError} it cannot start; none of its processes is left.
   */
  start(request: StartRequest): Promise<StartedServer>
  /**
   * Asks a running server something that only a working one answers.
   *
   * @returns the server's version. Rejects when there is no answer within `deadlineMs`.
   */
  probe(url: string, deadlineMs: number): Promise<string>
  /** Where the data belonging to `folder` lie; inside it wherever the server can reach it there. */
  dataDirectory(folder: string): Promise<string>
}

/** What `start` is given. */
export interface StartRequest {
  /** An existing folder, this server's own: data, logs and generated configuration go there. */
  readonly folder: string
  readonly port: number
  /** True: it outlives this process and its terminal. False: it ends with this process. */
  readonly detached: boolean
  /** Server settings by their own names, on top of the definition's. */
  readonly settings: Readonly<Record<string, string>>
}

/** A server that has answered. */
export interface StartedServer {
  readonly url: string
  readonly version: string
  readonly dataDirectory: string
  /** The first is the one a kill goes to. */
  readonly processes: readonly [ProcessIdentity, ...ProcessIdentity[]]
}
