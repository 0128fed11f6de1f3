import { eventually } from '@eventspine/conformance'
import type { ConsumerNotice, DocumentStore } from '@eventspine/core'
import { memory } from '@eventspine/memory'
import type { Admin } from 'kafkajs'
import { describe, expect, it } from 'vitest'
import { createTopic } from '../src/index.ts'
import { GroupBed, numberOf, Recorder, upTo } from './group-bed.ts'

const url = process.env['EVENTSPINE_TEST_KAFKA'] ?? ''

async function withAdmin<Result>(bed: GroupBed, work: (admin: Admin) => Promise<Result>): Promise<Result> {
  const admin = bed.client.admin()
  await admin.connect()
  try {
    return await work(admin)
  } finally {
    await admin.disconnect()
  }
}

/** As retention does. */
async function removeBefore(bed: GroupBed, offset: number): Promise<void> {
  await withAdmin(bed, async (admin) => {
    // kafkajs asks the leader, whom it knows only of topics that it has been asked about.
    await admin.fetchTopicOffsets(bed.topic)
    await admin.deleteTopicRecords({
      topic: bed.topic,
      partitions: [{ partition: 0, offset: String(offset) }],
    })
  })
}

describe.each([
  ['with offsets as checkpoints', (): DocumentStore | undefined => undefined],
  ['with checkpoints in documents', (): DocumentStore | undefined => memory().documents],
])('a group %s', (_, makeDocuments) => {
  it('ends when what it has not handled was removed', async () => {
    await using bed = await GroupBed.create(url, 1)
    const backend = await bed.open(makeDocuments())
    const first = await new Recorder().subscribe(backend, 'expired')
    await first.caughtUpTo(await bed.publish(backend, 10))
    await first.stop()
    await bed.publish(backend, 20)
    await removeBefore(bed, 20)
    const second = await new Recorder().subscribe(backend, 'expired')
    await expect(second.completed).rejects.toMatchObject({ code: 'POSITION_EXPIRED' })
  })

  it('goes on when only what it has handled was removed', async () => {
    await using bed = await GroupBed.create(url, 1)
    const backend = await bed.open(makeDocuments())
    const recorder = new Recorder()
    const first = await recorder.subscribe(backend, 'trimmed')
    await first.caughtUpTo(await bed.publish(backend, 10))
    await first.stop()
    const token = await bed.publish(backend, 20)
    await removeBefore(bed, 10)
    const second = await recorder.subscribe(backend, 'trimmed')
    await second.caughtUpTo(token)
    await second.stop()
    expect(recorder.handled).toEqual(upTo(30))
  })
})

describe('a group', () => {
  it('ends when its topic was made anew under it', async () => {
    const { documents } = memory()
    await using bed = await GroupBed.create(url, 1)
    const before = await bed.open(documents)
    const first = await new Recorder().subscribe(before, 'anew')
    await first.caughtUpTo(await bed.publish(before, 10))
    await first.stop()
    await withAdmin(bed, (admin) => admin.deleteTopics({ topics: [bed.topic] }))
    await eventually('the topic can be made again', () =>
      createTopic(bed.client, { topic: bed.topic }).then(
        (made) => made,
        () => false,
      ),
    )
    const after = await bed.open(documents)
    await bed.publish(after, 30)
    const second = await new Recorder().subscribe(after, 'anew')
    await expect(second.completed).rejects.toMatchObject({ code: 'FEED_DIVERGED' })
  })

  it('takes the partition of a handler that hangs away when a member joins, and lets it write nothing', async () => {
    await using bed = await GroupBed.create(url, 1)
    const [one, two] = [await bed.open(), await bed.open()]
    const notices: ConsumerNotice[] = []
    let letGo = (): void => undefined
    const hangs = new Promise<void>((resolve) => (letGo = resolve))
    const stuck: number[] = []
    const first = await one.stream.subscribe({
      group: 'stuck',
      leaseMs: 1000,
      onNotice: (notice) => void notices.push(notice),
      handlers: async (event) => {
        stuck.push(numberOf(event))
        await hangs
      },
    })
    await bed.publish(one, 1)
    await eventually('a handler hangs', () => stuck.length > 0, 30_000)
    const recorder = new Recorder()
    // Names of members are random, and so is who keeps the partition: with more of them it is another soon.
    const others = await Promise.all(upTo(3).map(() => recorder.subscribe(two, 'stuck', { leaseMs: 1000 })))
    await eventually('its lease is lost', () => notices.some(({ kind }) => kind === 'lease-lost'), 30_000)
    await first.stop({ timeoutMs: 100 })
    const token = await bed.publish(two, 5)
    await Promise.all(others.map((other) => other.caughtUpTo(token)))
    letGo()
    await Promise.all(others.map((other) => other.stop()))
    expect(recorder.handled).toEqual(upTo(6))
    expect((await two.stream.group('stuck').lag())[0]?.events).toBe(0)
  })
})
