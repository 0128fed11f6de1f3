import type { CommitOutcome, ImportedEvent, StreamOutcome } from '@eventspine/core'
import { cancelledForGood, isContention, refusedBy } from './cancellation.ts'
import { partitionSealed } from './expectation.ts'
import { judgeImport } from './import-judgement.ts'
import { type ImportPlan, planImport } from './import-plan.ts'
import type { WriterOptions } from './partition-writer.ts'
import { busy, Patience } from './patience.ts'
import { decodeSlot } from './slot-item.ts'
import type { StreamReader } from './stream-reader.ts'

/** How long an import goes on that other writers are ahead of. */
const PATIENCE_MS = 30_000

export interface ImportOptions extends WriterOptions {
  readonly reader: StreamReader
  /** A transaction has reached this sequence. */
  readonly onWritten: (sequence: number) => void
}

/**
 * Stores recorded events in order. All are judged before any is written. What does not fit into one transaction is written
 * by several: a crash in between leaves a beginning, from which a repeat goes on.
 */
export async function importEvents(
  options: ImportOptions,
  events: readonly ImportedEvent[],
): Promise<CommitOutcome> {
  const { partition } = options.tail
  const patience = new Patience(PATIENCE_MS)
  for (;;) {
    const judgement = await judgeImport(options, partition, events)
    if (!judgement.ok) return judgement
    const { last } = judgement
    let { missing } = judgement
    let heads = judgement.heads
    let written: StreamOutcome | undefined
    while (missing.length > 0) {
      const token = options.tail.token()
      const tail = await options.tail.sequence()
      const { table, keys } = options
      const plan = planImport({ table: table.name, keys, partition, tail, token, heads }, missing)
      const verdict = await send(options, plan, token)
      if (verdict === 'sealed') return { ok: false, error: partitionSealed(partition) }
      if (verdict === 'overtaken') break
      missing = missing.slice(plan.events.length)
      heads = new Map([...heads, ...plan.heads])
      written = plan.outcome
    }
    if (missing.length > 0) {
      if (!(await patience.wait())) throw busy()
      continue
    }
    // One that occurs twice in the call is neither there before it nor the last that was written.
    const outcome =
      last ?? (written !== undefined && judgement.missing.at(-1) === events.at(-1) ? written : undefined)
    if (outcome !== undefined || events.length === 0)
      return { ok: true, streams: outcome === undefined ? [] : [outcome], revisions: [] }
  }
}

async function send(
  { table, tail, heads, onWritten }: ImportOptions,
  plan: ImportPlan,
  token: string,
): Promise<'written' | 'overtaken' | 'sealed'> {
  const outcome = await table.transact(plan.actions, token)
  const [slotReason] = outcome.ok ? [] : outcome.reasons
  const standing = slotReason?.Item === undefined ? undefined : decodeSlot(slotReason.Item)
  if (outcome.ok || standing?.token === token) {
    tail.reached(plan.outcome.sequence)
    for (const [streamId, head] of plan.heads) heads.remember(streamId, head)
    onWritten(plan.outcome.sequence)
    return 'written'
  }
  if (standing?.sealed === true) return 'sealed'
  if (standing !== undefined) tail.passed(standing)
  else if (!outcome.reasons.some(refusedBy) && !outcome.reasons.some(isContention))
    throw cancelledForGood(outcome.reasons)
  return 'overtaken'
}
