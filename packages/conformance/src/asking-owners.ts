import assert from 'node:assert/strict'
import type { Capabilities } from '@eventspine/core'
import type { CaseContext } from './kit.ts'
import { RecordedConsumer } from './recorded-consumer.ts'
import { refusal } from './refusal.ts'
import { sampleEvents } from './sample-events.ts'

/** Replays and skips of parked streams are asked for by documents, which is where their owners look. */
export function canAskOwners({ stream, documents }: Capabilities): boolean {
  return stream !== 'none' && documents
}

/** Asserts that nobody is asked in vain where nobody can be. */
export async function refusesToAsk({ open }: CaseContext): Promise<void> {
  const { backend, source } = await open()
  const { token } = await source.append('counter:1', sampleEvents(3))
  const consumer = await RecordedConsumer.start(backend, { group: 'unasked' }, () => {
    throw new Error('cannot handle this')
  })
  await consumer.subscription.caughtUpTo(token)
  const group = backend.stream.group('unasked')
  assert.deepEqual(
    (await group.parked()).map(({ streamId }) => streamId),
    ['counter:1'],
  )
  await refusal(() => group.replay('counter:1'), 'NOT_SUPPORTED')
  await refusal(() => group.skip('counter:1'), 'NOT_SUPPORTED')
  await consumer.stop()
  assert.equal((await group.parked()).length, 1)
}
