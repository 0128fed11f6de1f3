import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { serversDirectory } from './eventspine-directory.ts'
import { freePort, isFree } from './free-port.ts'
import {
  endProcess,
  identifyProcess,
  isProcessAlive,
  waitForProcessEnd,
  type ProcessIdentity,
} from './process-identity.ts'
import { serverDefinition, type ServerName } from './registry.ts'
import type { ServerDefinition, StartedServer } from './server-definition.ts'
import { readJsonFile, writeJsonFile } from './server-record.ts'
import { waitUntil } from './wait-until.ts'

/** Signals that end a server without its consent. */
export type KillSignal = 'SIGKILL' | 'SIGQUIT' | 'SIGINT'

/** What one may ask of a server of one's own. */
export interface OwnServerOptions {
  /** @defaultValue a free one */
  readonly port?: number
  /** Server settings by their own names, such as `{ max_connections: '5' }`. */
  readonly settings?: Readonly<Record<string, string>>
}

/** A fresh server that belongs to this process: started for it, and gone with it. */
export interface OwnServer extends AsyncDisposable {
  readonly name: ServerName
  /** Stays the same over `restart()`. */
  readonly url: string
  readonly version: string
  /** Of the process that `kill` goes to; another one after `restart()`. */
  readonly pid: number
  readonly dataDirectory: string
  /** Stops it in order and removes its data. Calling it again does nothing. */
  stop(): Promise<void>
  /**
   * Ends it at once, as a crash would (SIGKILL by default), and resolves when its processes are gone.
   * The data stay for `restart()`.
   */
  kill(signal?: KillSignal): Promise<void>
  /** Starts it again on the same port and data, after stopping it in order where it still runs. */
  restart(): Promise<void>
}

interface OwnerNote {
  readonly name: ServerName
  readonly owner: ProcessIdentity
  readonly processes: readonly ProcessIdentity[]
}

const stopGraceMs = 30_000
const noteFile = 'owner.json'

/**
 * Starts a fresh server for this process alone, on a free loopback port, with data of its own.
 * It is stopped when this process exits; what a killed process left behind, the next start clears away.
 *
 * @throws {@link ServerStartError} with the reason and the remedy; nothing keeps running.
 */
export async function startOwnServer(name: ServerName, options: OwnServerOptions = {}): Promise<OwnServer> {
  const parent = join(serversDirectory(), 'own')
  await mkdir(parent, { recursive: true })
  await clearAbandoned(parent)
  const folder = await mkdtemp(join(parent, `${name}-`))
  const server = new ManagedServer(name, folder, options.port ?? (await freePort()), options.settings ?? {})
  try {
    await server.start()
  } catch (error) {
    await server.stop()
    throw error
  }
  return server
}

class ManagedServer implements OwnServer {
  readonly name: ServerName
  readonly #definition: ServerDefinition
  readonly #folder: string
  readonly #port: number
  readonly #settings: Readonly<Record<string, string>>
  readonly #endWithThisProcess = (): void => this.#signalAll(this.#definition.exitSignal)
  #started: StartedServer | undefined

  constructor(name: ServerName, folder: string, port: number, settings: Readonly<Record<string, string>>) {
    this.name = name
    this.#definition = serverDefinition(name)
    this.#folder = folder
    this.#port = port
    this.#settings = settings
  }

  get url(): string {
    return this.#known.url
  }

  get version(): string {
    return this.#known.version
  }

  get pid(): number {
    return this.#known.processes[0].pid
  }

  get dataDirectory(): string {
    return this.#known.dataDirectory
  }

  get #known(): StartedServer {
    if (this.#started === undefined) throw new Error(`${this.name} was never started`)
    return this.#started
  }

  async start(): Promise<void> {
    const request = { folder: this.#folder, port: this.#port, detached: false, settings: this.#settings }
    // Before the start too, so that a start cut short leaves a folder that somebody can be asked about.
    await this.#note([])
    this.#started = await this.#definition.start(request)
    await this.#note(this.#started.processes)
    process.once('exit', this.#endWithThisProcess)
  }

  async stop(): Promise<void> {
    await this.#end(this.#definition.stopSignal)
    await removeServerData(this.#definition, this.#folder)
  }

  async kill(signal: KillSignal = 'SIGKILL'): Promise<void> {
    const { processes } = this.#known
    this.#signalAll(signal)
    for (const one of processes) {
      if (await waitForProcessEnd(one, stopGraceMs)) continue
      throw new Error(`${this.name}, process ${one.pid}, did not end within ${stopGraceMs} ms of ${signal}`)
    }
  }

  async restart(): Promise<void> {
    await this.#end(this.#definition.stopSignal)
    // A killed process counts as ended while a thread of it still waits for the disk, and until then holds its sockets.
    const free = await waitUntil(() => isFree(this.#port), { deadlineMs: stopGraceMs })
    if (!free) throw new Error(`port ${this.#port} of ${this.name} is still taken after ${stopGraceMs} ms`)
    await this.start()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    process.off('exit', this.#endWithThisProcess)
    for (const one of this.#started?.processes ?? []) await endProcess(one, signal, stopGraceMs)
  }

  /** Synchronous, since nothing else runs in an exit handler. */
  #signalAll(signal: NodeJS.Signals): void {
    for (const one of this.#started?.processes ?? []) if (isProcessAlive(one)) process.kill(one.pid, signal)
  }

  async #note(processes: readonly ProcessIdentity[]): Promise<void> {
    const owner = identifyProcess(process.pid)
    if (owner === undefined) throw new Error('the start time of this process cannot be read')
    const note: OwnerNote = { name: this.name, owner, processes }
    await writeJsonFile(join(this.#folder, noteFile), note)
  }
}

/** Removes the folder and the data that had to lie outside it. */
export async function removeServerData(definition: ServerDefinition, folder: string): Promise<void> {
  await rm(await definition.dataDirectory(folder), { recursive: true, force: true })
  await rm(folder, { recursive: true, force: true })
}

/** A process that was killed could not stop its servers: its note names them, and that it is gone. */
async function clearAbandoned(parent: string): Promise<void> {
  for (const entry of await readdir(parent)) {
    const folder = join(parent, entry)
    const note = await readJsonFile<OwnerNote>(join(folder, noteFile))
    if (note === undefined || isProcessAlive(note.owner)) continue
    const definition = serverDefinition(note.name)
    for (const one of note.processes) await endProcess(one, 'SIGKILL', stopGraceMs)
    await removeServerData(definition, folder)
  }
}
