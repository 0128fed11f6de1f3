import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { randomUUID } from 'node:crypto'
import { serversDirectory } from './eventspine-directory.ts'
import { isProcessAlive, type ProcessIdentity } from './process-identity.ts'
import type { StartedServer } from './server-definition.ts'

/** What is written down of a server that outlives the process which started it. */
export interface ServerRecord extends StartedServer {
  readonly startedAt: string
}

/** The folder of the shared server of this name, and the files beside it. */
export function serverPaths(name: string): { folder: string; record: string; lock: string } {
  const folder = join(serversDirectory(), name)
  return { folder, record: `${folder}.json`, lock: `${folder}.lock` }
}

/** A record read back, and which of its processes still run: a number that now belongs to another counts as gone. */
export interface FoundServer {
  readonly record: ServerRecord
  readonly living: readonly ProcessIdentity[]
  readonly whole: boolean
}

/** What was written down of the server of this name, whether or not it still runs. */
export async function findServer(name: string): Promise<FoundServer | undefined> {
  const record = await readJsonFile<ServerRecord>(serverPaths(name).record)
  if (record === undefined) return undefined
  const living = record.processes.filter((process) => isProcessAlive(process))
  return { record, living, whole: living.length === record.processes.length }
}

/** Writes the record so that a reader sees the whole of it or the one before. */
export async function writeServerRecord(name: string, server: StartedServer): Promise<void> {
  const record: ServerRecord = { ...server, startedAt: new Date().toISOString() }
  await writeJsonFile(serverPaths(name).record, record)
}

/** Forgets the server of this name. */
export async function removeServerRecord(name: string): Promise<void> {
  await rm(serverPaths(name).record, { force: true })
}

/** Reads a file of this tool's own; `undefined` when it is not there. */
export async function readJsonFile<Content>(path: string): Promise<Content | undefined> {
  try {
    // Written by writeJsonFile, whole or not at all; the folder is this tool's own.
    return JSON.parse(await readFile(path, 'utf8')) as Content
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

/** Readable by its owner only: URLs hold passwords. */
export async function writeJsonFile(path: string, content: unknown): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const draft = `${path}.${randomUUID()}`
  await writeFile(draft, `${JSON.stringify(content, undefined, 2)}\n`, { mode: 0o600 })
  await rename(draft, path)
}
