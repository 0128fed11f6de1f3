import type { JsonValue } from '../../event.ts'
import type { ContractLock, LockedContract, LockedEvent, LockedLegacy } from './contract-lock.ts'
import { schemaDifferences } from './schema-difference.ts'

/** A difference between what contracts promised and what they promise. */
export interface ContractChange {
  /** `bank-account`, `bank-account.MoneyDeposited`. */
  readonly subject: string
  /** What changed; where it breaks something, also what to do instead. */
  readonly what: string
  /** Nothing that was locked means something else: what is stored can be read as before. */
  readonly isCompatible: boolean
  /** Where it is a part of a schema. */
  readonly path?: string
  readonly before?: JsonValue | undefined
  readonly after?: JsonValue | undefined
}

/** What changed between two locks, contract by contract. */
export function contractChanges(before: ContractLock, after: ContractLock): readonly ContractChange[] {
  const categories = new Set([...Object.keys(before.contracts), ...Object.keys(after.contracts)])
  return [...categories].flatMap((category): readonly ContractChange[] => {
    const [old, now] = [before.contracts[category], after.contracts[category]]
    if (now === undefined) return [breaking(category, 'is gone: its stored events could not be read')]
    if (old === undefined) return [harmless(category, 'is a new contract')]
    return [...eventChanges(category, old, now), ...legacyChanges(category, old, now)]
  })
}

function eventChanges(category: string, before: LockedContract, after: LockedContract): ContractChange[] {
  const types = new Set([...Object.keys(before.events), ...Object.keys(after.events)])
  return [...types].flatMap((type): readonly ContractChange[] => {
    const subject = `${category}.${type}`
    const [old, now] = [before.events[type], after.events[type]]
    if (now !== undefined) {
      if (old !== undefined) return versionChanges(subject, old, now)
      if (Object.hasOwn(before.legacy, type))
        return [
          breaking(subject, 'was an old name of another type, and its stored events are those of that one'),
        ]
      return [harmless(subject, 'is a new event type')]
    }
    const legacy = after.legacy[type]
    if (legacy === undefined)
      return [breaking(subject, 'is gone: say under `legacy` what its stored events are read as')]
    return [
      harmless(subject, legacy.name === null ? 'is read by a function now' : `is called ${legacy.name} now`),
    ]
  })
}

function versionChanges(subject: string, before: LockedEvent, after: LockedEvent): readonly ContractChange[] {
  const changes: ContractChange[] = []
  if (after.version < before.version)
    changes.push(breaking(subject, `went back from version ${before.version} to ${after.version}`))
  if (after.version > before.version) changes.push(harmless(subject, `has a new version ${after.version}`))
  if (after.firstVersion > before.firstVersion) {
    const what = `is read from version ${after.firstVersion} on, and was from ${before.firstVersion}`
    changes.push(breaking(subject, what))
  }
  if (!sameNotice(before, after))
    changes.push(
      harmless(subject, after.deprecated === undefined ? 'is not deprecated any more' : deprecation(after)),
    )
  for (const [version, schema] of Object.entries(before.schemas)) {
    const now = after.schemas[version]
    if (now !== undefined) {
      changes.push(
        ...schemaChanges(
          `${subject} version ${version}`,
          schema,
          now,
          'add a version with `versions(…).next(…)`',
        ),
      )
    } else if (after.version > before.version && Number(version) >= after.firstVersion) {
      // No step leads on from this version, so its data is read with the types of the newest.
      const what = `${subject} version ${version}, read as version ${after.version},`
      const newest = after.schemas[after.version] ?? null
      changes.push(...schemaChanges(what, schema, newest, 'add an upcaster with `versions(…).next(…)`'))
    }
  }
  return changes
}

function sameNotice(before: LockedEvent, after: LockedEvent): boolean {
  const [old, now] = [before.deprecated, after.deprecated]
  return old?.since === now?.since && old?.remark === now?.remark
}

function deprecation({ deprecated }: LockedEvent): string {
  return `is deprecated since ${deprecated?.since}: ${deprecated?.remark}`
}

function legacyChanges(category: string, before: LockedContract, after: LockedContract): ContractChange[] {
  const changes: ContractChange[] = []
  for (const [type, old] of Object.entries(before.legacy)) {
    const subject = `${category}.${type}`
    const now = after.legacy[type]
    if (now !== undefined) changes.push(...oneLegacyChange(subject, old, now))
    else if (!Object.hasOwn(after.events, type))
      changes.push(breaking(subject, 'is gone from `legacy`: its stored events could not be read'))
  }
  for (const type of Object.keys(after.legacy)) {
    if (!Object.hasOwn(before.legacy, type) && !Object.hasOwn(before.events, type))
      changes.push(harmless(`${category}.${type}`, 'is a new name of the past'))
  }
  return changes
}

function oneLegacyChange(
  subject: string,
  before: LockedLegacy,
  after: LockedLegacy,
): readonly ContractChange[] {
  if (before.name !== after.name && before.name !== null && after.name !== null)
    return [breaking(subject, `was read as ${before.name}, and is as ${after.name}`)]
  if (before.name !== after.name) return [harmless(subject, 'is read in another way')]
  return schemaChanges(subject, before.schema, after.schema, 'what was stored does not change')
}

function schemaChanges(
  subject: string,
  before: JsonValue,
  after: JsonValue,
  remedy: string,
): readonly ContractChange[] {
  if (before === null && after !== null) return [harmless(subject, 'has a JSON Schema now')]
  if (before !== null && after === null) return [breaking(subject, 'has no JSON Schema any more to compare')]
  return schemaDifferences(before, after).map(({ isCompatible, ...place }) => ({
    subject,
    what: isCompatible ? 'changed in what may be absent' : `changed: ${remedy}`,
    isCompatible,
    ...place,
  }))
}

function breaking(subject: string, what: string): ContractChange {
  return { subject, what, isCompatible: false }
}

function harmless(subject: string, what: string): ContractChange {
  return { subject, what, isCompatible: true }
}
