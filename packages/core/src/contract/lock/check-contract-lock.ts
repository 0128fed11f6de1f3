import { readFile, writeFile } from 'node:fs/promises'
import type { JsonValue } from '../../event.ts'
import { EventStoreError, invalidArgument } from '../../error.ts'
import { type ContractChange, contractChanges } from './contract-changes.ts'
import { type ContractLock, contractLock, type LockableContract, type ToJsonSchema } from './contract-lock.ts'

export interface ContractLockOptions {
  /** Of the lock file; keep it in version control. */
  readonly file: string | URL
  readonly contracts: readonly LockableContract[]
  /**
   * What to do about changes. `never` (default): each is refused. `compatible`: those that break nothing are
   * written, and so is a file that is not there. `always`: all are written; after events were migrated, or when
   * none were ever stored.
   */
  readonly write?: 'never' | 'compatible' | 'always' | undefined
  /** JSON Schema of a schema's output. Default: by Standard JSON Schema, which Zod and ArkType have. */
  readonly toJsonSchema?: ToJsonSchema | undefined
}

/**
 * Holds contracts to their lock file: for a test of the service that owns them. A change that would make stored
 * events unreadable, or give a version another meaning, is refused with what was and what is.
 *
 * @returns what was written; nothing when contracts are as they were.
 * @throws {@link EventStoreError} `SCHEMA_MISMATCH` with all changes in its message: one of them breaks
 *   something, or may not be written; the file stays as it was. `INVALID_ARGUMENT`: the file is no lock.
 */
export async function checkContractLock(options: ContractLockOptions): Promise<readonly ContractChange[]> {
  const { file, contracts, write = 'never', toJsonSchema } = options
  if (write !== 'never' && write !== 'compatible' && write !== 'always')
    throw invalidArgument('write', 'must be "never", "compatible" or "always"')
  const current = contractLock(contracts, toJsonSchema)
  const text = `${JSON.stringify(current, undefined, 2)}\n`
  const stored = await readText(file)
  const locked = stored === undefined ? EMPTY : parseLock(stored)
  const changes = contractChanges(locked, current)
  const refused = write === 'always' ? [] : changes.filter(({ isCompatible }) => !isCompatible)
  if (refused.length > 0) throw refusal(file, 'break what is locked', refused)
  if (write === 'never') {
    if (stored === undefined)
      throw refusal(file, 'are not locked: run this once with `write: "compatible"`', [])
    if (changes.length > 0)
      throw refusal(file, 'changed without harm: run this once with `write: "compatible"`', changes)
    return changes
  }
  // A change of annotations alone is none, and is written too.
  if (stored === undefined || stored.trim() !== text.trim()) await writeFile(file, text)
  return changes
}

const EMPTY: ContractLock = { format: 1, contracts: {} }

async function readText(file: string | URL): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

function parseLock(text: string): ContractLock {
  let lock: unknown
  try {
    lock = JSON.parse(text)
  } catch {
    throw invalidArgument('file', 'is no JSON')
  }
  if (
    typeof lock !== 'object' ||
    lock === null ||
    !('format' in lock) ||
    lock.format !== 1 ||
    !('contracts' in lock)
  )
    throw invalidArgument('file', 'is no contract lock of format 1')
  // Sound: the format says so; the file is written by this function alone.
  return lock as ContractLock
}

function refusal(file: string | URL, what: string, changes: readonly ContractChange[]): EventStoreError {
  const lines = [`the contracts of ${String(file)} ${what}`, ...changes.map(changeText)]
  return new EventStoreError('SCHEMA_MISMATCH', lines.join('\n'), {
    field: changes[0]?.subject ?? 'contracts',
  })
}

function changeText({ subject, path, what, before, after }: ContractChange): string {
  if (path === undefined) return `\n${subject} ${what}`
  return `\n${subject} ${what}\n    ${path}\n${side('-', before)}${side('+', after)}`.trimEnd()
}

function side(sign: '-' | '+', value: JsonValue | undefined): string {
  if (value === undefined) return ''
  return `  ${sign} ${typeof value === 'string' ? value : JSON.stringify(value)}\n`
}
