import { eventually } from '@eventspine/conformance'
import type { ConsumerNotice, DocumentStore } from '@eventspine/core'
import { memory } from '@eventspine/memory'
import { describe, expect, it } from 'vitest'
import { GroupBed, numberOf, Recorder, repeats, sorted, untilShared, upTo } from './group-bed.ts'

const url = process.env['EVENTSPINE_TEST_KAFKA'] ?? ''

describe.each([
  ['with offsets as checkpoints', false],
  ['with checkpoints in documents', true],
])('groups %s', (_, withDocuments) => {
  const makeDocuments = (): DocumentStore | undefined =>
    withDocuments ? memory({ partitions: 4 }).documents : undefined

  it('handle every event once, in order, and go on where they were', async () => {
    await using bed = await GroupBed.create(url, 4)
    const backend = await bed.open(makeDocuments())
    const recorder = new Recorder()
    const first = await recorder.subscribe(backend, 'all')
    await first.caughtUpTo(await bed.publish(backend, 300))
    await first.stop()
    const token = await bed.publish(backend, 50)
    const second = await recorder.subscribe(backend, 'all')
    await second.caughtUpTo(token)
    await second.stop()
    expect(sorted(recorder.handled)).toEqual(upTo(350))
    for (let stream = 0; stream < 16; stream++) {
      const own = recorder.handled.filter((n) => n % 16 === stream)
      expect(own).toEqual(sorted(own))
    }
    expect((await backend.stream.group('all').lag()).map(({ events }) => events)).toEqual([0, 0, 0, 0])
  })

  it('start at the end or at a token when asked to', async () => {
    await using bed = await GroupBed.create(url, 1)
    const backend = await bed.open(makeDocuments())
    const token = await bed.publish(backend, 10)
    await bed.publish(backend, 10)
    const [fromEnd, fromToken] = [new Recorder(), new Recorder()]
    const atEnd = await fromEnd.subscribe(backend, 'end', { startFrom: 'end' })
    const atToken = await fromToken.subscribe(backend, 'token', { startFrom: token })
    await eventually('both have joined', async () => {
      const lags = [await atEnd.lag(), await atToken.lag()].flat()
      return lags.every(({ events, owned }) => owned && events === 0)
    })
    const last = await bed.publish(backend, 5)
    await Promise.all([atEnd.caughtUpTo(last), atToken.caughtUpTo(last)])
    await Promise.all([atEnd.stop(), atToken.stop()])
    expect(fromToken.handled).toEqual(upTo(25).slice(10))
    expect(fromEnd.handled).toEqual(upTo(25).slice(20))
  })

  it('share the partitions, hand them over without repeating anything, and take them back', async () => {
    await using bed = await GroupBed.create(url, 4)
    const documents = makeDocuments()
    const one = await bed.open(documents)
    const two = await bed.open(documents)
    const running = new Set<string>()
    const recorders = [new Recorder(running), new Recorder(running)] as const
    const options = { concurrency: 1 }
    const first = await recorders[0].subscribe(one, 'shared', options)
    await first.caughtUpTo(await bed.publish(one, 100))
    const owned = new Set<number>()
    const onNotice = (notice: ConsumerNotice): void => {
      if (notice.kind === 'owned') owned.add(notice.partition)
    }
    const second = await recorders[1].subscribe(two, 'shared', { ...options, onNotice })
    await untilShared(bed, one, recorders)
    await second.caughtUpTo(await bed.publish(one, 100))
    owned.clear()
    await first.stop()
    // Streams take turns, so an event may be done before one that stands ahead of it: handed over in the middle of
    // many, it would be repeated.
    await eventually('the second has them all', async () => owned.size === 4)
    const token = await bed.publish(two, 200)
    await second.caughtUpTo(token)
    await second.stop()
    const all = recorders.flatMap(({ handled }) => handled)
    expect(new Set(all).size).toBe(Math.max(...all))
    expect(repeats(all)).toBe(0)
    expect(recorders.flatMap(({ overlaps }) => overlaps)).toEqual([])
  })

  it('raise the fencing token with every owner', async () => {
    await using bed = await GroupBed.create(url, 1)
    const backend = await bed.open(makeDocuments())
    const tokens: number[] = []
    for (let round = 0; round < 3; round++) {
      const subscription = await backend.stream.subscribe({
        group: 'fenced',
        leaseMs: 2000,
        handlers: (_event, { fencingToken }) => void tokens.push(fencingToken),
      })
      await subscription.caughtUpTo(await bed.publish(backend, 1))
      await subscription.stop()
    }
    expect(tokens[1]).toBeGreaterThan(tokens[0] ?? Infinity)
    expect(tokens[2]).toBeGreaterThan(tokens[1] ?? Infinity)
  })

  it('park the stream of a poison event while all others go on, also over a restart', async () => {
    await using bed = await GroupBed.create(url, 2)
    const backend = await bed.open(makeDocuments())
    const handled: number[] = []
    const notices: ConsumerNotice[] = []
    const start = () =>
      backend.stream.subscribe({
        group: 'poison',
        leaseMs: 2000,
        retry: { attempts: 2, initialDelayMs: 1 },
        onNotice: (notice) => void notices.push(notice),
        handlers: (event) => {
          if (numberOf(event) === 17) throw new TypeError('no such counter')
          handled.push(numberOf(event))
        },
      })
    const first = await start()
    await first.caughtUpTo(await bed.publish(backend, 160))
    await first.stop()
    const second = await start()
    await second.caughtUpTo(await bed.publish(backend, 32))
    await second.stop()
    expect(sorted(handled)).toEqual(upTo(192).filter((n) => n % 16 !== 1 || n < 17))
    const parked = await backend.stream.group('poison').parked()
    expect(parked).toMatchObject([
      { streamId: 'counter:1', attempts: 2, error: expect.stringContaining('no such counter') },
    ])
    const waiting = await backend.stream
      .group('poison')
      .waiting(parked[0] ?? expect.fail('nothing is parked'))
      .toArray()
    expect(waiting.map(numberOf)).toEqual(upTo(192).filter((n) => n % 16 === 1 && n >= 17))
    expect(notices.filter(({ kind }) => kind === 'park')).toHaveLength(1)
  })

  it('do not wait for a handler that hangs when they stop', async () => {
    await using bed = await GroupBed.create(url, 1)
    const backend = await bed.open(makeDocuments())
    let started = false
    let aborted = false
    const subscription = await backend.stream.subscribe({
      group: 'hanging',
      leaseMs: 2000,
      handlers: async (_event, { signal }) => {
        started = true
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
        aborted = true
        throw new Error('given up')
      },
    })
    await bed.publish(backend, 1)
    await eventually('the handler hangs', () => started, 30_000)
    await subscription.stop({ timeoutMs: 100 })
    await eventually('the handler has seen its signal', () => aborted)
    expect((await backend.stream.group('hanging').lag())[0]?.events).toBe(1)
  })

  it('go on through handlers that take longer than the session', async () => {
    await using bed = await GroupBed.create(url, 1)
    const backend = await bed.open(makeDocuments())
    const recorder = new Recorder()
    let slow = true
    const subscription = await backend.stream.subscribe({
      group: 'slow',
      leaseMs: 1000,
      concurrency: 1,
      handlers: async (event) => {
        if (slow) await new Promise((resolve) => setTimeout(resolve, 2500))
        slow = false
        await recorder.record(event)
      },
    })
    await subscription.caughtUpTo(await bed.publish(backend, 20))
    await subscription.stop()
    expect(recorder.handled).toEqual(upTo(20))
  })

  it('handle what there is in one run', async () => {
    await using bed = await GroupBed.create(url, 4)
    const backend = await bed.open(makeDocuments())
    const recorder = new Recorder()
    await bed.publish(backend, 100)
    const options = {
      group: 'once',
      leaseMs: 2000,
      budgetMs: 20_000,
      handlers: recorder.record.bind(recorder),
    }
    expect(await backend.stream.runOnce(options)).toEqual({
      handled: 100,
      caughtUp: true,
      ownedElsewhere: [],
    })
    expect(await backend.stream.runOnce(options)).toEqual({ handled: 0, caughtUp: true, ownedElsewhere: [] })
    expect(sorted(recorder.handled)).toEqual(upTo(100))
  })

  it("show their offsets to Kafka's own tools", async () => {
    await using bed = await GroupBed.create(url, 1)
    const backend = await bed.open(makeDocuments())
    const subscription = await new Recorder().subscribe(backend, 'shown')
    await subscription.caughtUpTo(await bed.publish(backend, 42))
    await subscription.stop()
    const admin = bed.client.admin()
    await admin.connect()
    const [offsets] = await admin.fetchOffsets({ groupId: 'shown', topics: [bed.topic] })
    await admin.disconnect()
    expect(offsets?.partitions[0]?.offset).toBe('42')
  })

  it('refuse a choice of partitions, which Kafka assigns', async () => {
    await using bed = await GroupBed.create(url, 2)
    const backend = await bed.open(makeDocuments())
    const refused = backend.stream.subscribe({ group: 'choosy', partitions: [0], handlers: () => undefined })
    await expect(refused).rejects.toMatchObject({ code: 'NOT_SUPPORTED' })
  })

  it('end with a typed error when the session is shorter than the brokers allow', async () => {
    await using bed = await GroupBed.create(url, 1)
    const backend = await bed.open(makeDocuments())
    const subscription = await backend.stream.subscribe({
      group: 'short',
      leaseMs: 100,
      handlers: () => undefined,
      onNotice: () => undefined,
    })
    await expect(subscription.completed).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', field: 'leaseMs' })
  })
})

describe('groups without documents', () => {
  it('refuse what needs them, and say so', async () => {
    await using bed = await GroupBed.create(url, 1)
    const { stream } = await bed.open()
    for (const refused of [stream.group('bare').replay('counter:1'), stream.group('bare').skip('counter:1')])
      await expect(refused).rejects.toMatchObject({
        code: 'NOT_SUPPORTED',
        message: expect.stringContaining('documents'),
      })
    const effects = stream.subscribe({ group: 'bare', effects: 'exactly-once', handlers: () => undefined })
    await expect(effects).rejects.toMatchObject({ code: 'NOT_SUPPORTED' })
  })

  it("obey offsets that were set with Kafka's own tools", async () => {
    await using bed = await GroupBed.create(url, 1)
    const backend = await bed.open()
    const recorder = new Recorder()
    await bed.publish(backend, 10)
    const admin = bed.client.admin()
    await admin.connect()
    await admin.setOffsets({
      groupId: bed.topic,
      topic: bed.topic,
      partitions: [{ partition: 0, offset: '4' }],
    })
    await admin.disconnect()
    const subscription = await recorder.subscribe(backend, bed.topic)
    await subscription.caughtUpTo(await bed.publish(backend, 1))
    await subscription.stop()
    expect(recorder.handled).toEqual(upTo(11).slice(4))
  })

  it('stop when more streams are parked than offsets can hold', async () => {
    await using bed = await GroupBed.create(url, 1)
    const backend = await bed.open()
    const subscription = await backend.stream.subscribe({
      group: 'full',
      leaseMs: 2000,
      maxParkedStreams: 1000,
      retry: { attempts: 1 },
      handlers: () => {
        throw new Error('always')
      },
      onNotice: () => undefined,
    })
    await bed.publish(backend, 300, 300)
    await expect(subscription.completed).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' })
  })
})

describe('groups with documents', () => {
  it('replay a parked stream in order when asked to', async () => {
    await using bed = await GroupBed.create(url, 2)
    const backend = await bed.open(memory().documents)
    const handled: number[] = []
    let poisonous = true
    const subscription = await backend.stream.subscribe({
      group: 'mended',
      leaseMs: 1000,
      retry: { attempts: 1 },
      onNotice: () => undefined,
      handlers: (event) => {
        if (poisonous && numberOf(event) === 17) throw new Error('no')
        handled.push(numberOf(event))
      },
    })
    await subscription.caughtUpTo(await bed.publish(backend, 64))
    poisonous = false
    await backend.stream.group('mended').replay('counter:1')
    await eventually(
      'nothing is parked',
      async () => (await backend.stream.group('mended').parked()).length === 0,
    )
    await subscription.stop()
    expect(sorted(handled)).toEqual(upTo(64))
    expect(handled.filter((n) => n % 16 === 1)).toEqual([1, 17, 33, 49])
  })

  it('have effects there exactly once, over handovers', async () => {
    await using bed = await GroupBed.create(url, 4)
    const store = memory({ partitions: 4 })
    const backends = [await bed.open(store.documents), await bed.open(store.documents)] as const
    const subscribe = (index: 0 | 1) =>
      backends[index].stream.subscribe({
        group: 'sums',
        leaseMs: 2000,
        effects: 'exactly-once',
        onNotice: () => undefined,
        handlers: async (event, { documents }) => {
          const sum = (await documents.get<number>('sums', event.streamId)) ?? 0
          documents.put('sums', event.streamId, sum + numberOf(event))
        },
      })
    let last = ''
    for (let round = 0; round < 4; round++) {
      const [one, two] = [await subscribe(0), await subscribe(1)]
      for (let batch = 0; batch < 5; batch++) last = await bed.publish(backends[0], 40)
      if (round % 2 === 0) await one.stop()
      await (round % 2 === 0 ? two : one).caughtUpTo(last)
      await Promise.all([one.stop(), two.stop()])
    }
    const found = await Promise.all(
      upTo(16).flatMap((stream) =>
        [0, 1, 2, 3].map(async (partition) => {
          const document = await store.documents
            .collection<number>('sums')
            .get(`counter:${stream - 1}`, { partition })
          return document?.value ?? 0
        }),
      ),
    )
    expect(found.reduce((sum, each) => sum + each, 0)).toBe((800 * 801) / 2)
  })
})
