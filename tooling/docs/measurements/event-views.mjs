// What it costs to make one event that decodes its bodies when they are first read. Run it with `node`; the figures
// are quoted in docs/decisions/0002-lazy-events.md.

const EVENTS = 200_000
const ROUNDS = 9

class View {
  #row
  #data
  constructor(row) {
    this.id = row.id
    this.type = row.type
    this.streamId = row.streamId
    this.streamPosition = row.version
    this.schemaVersion = 1
    this.#row = row
  }
  get data() {
    this.#data ??= JSON.parse(this.#row.data)
    return this.#data
  }
  get metadata() {
    return JSON.parse(this.#row.metadata)
  }
  get timestamp() {
    return new Date(this.#row.timestampMs).toISOString()
  }
}

function literal(row) {
  let decoded
  return {
    id: row.id,
    type: row.type,
    streamId: row.streamId,
    streamPosition: row.version,
    schemaVersion: 1,
    get data() {
      decoded ??= JSON.parse(row.data)
      return decoded
    },
    get metadata() {
      return JSON.parse(row.metadata)
    },
    get timestamp() {
      return new Date(row.timestampMs).toISOString()
    },
  }
}

function eager(row) {
  return {
    id: row.id,
    type: row.type,
    streamId: row.streamId,
    streamPosition: row.version,
    schemaVersion: 1,
    data: JSON.parse(row.data),
    metadata: JSON.parse(row.metadata),
    timestamp: new Date(row.timestampMs).toISOString(),
  }
}

const candidates = {
  'class with accessors': (row) => new View(row),
  'literal with getters': literal,
  eager: eager,
}
const data = JSON.stringify({
  order: 4711,
  lines: [
    { sku: 'A-1', quantity: 2 },
    { sku: 'B-2', quantity: 1 },
  ],
  note: 'x'.repeat(120),
})
const rows = Array.from({ length: EVENTS }, (_, index) => ({
  id: `event-${index}`,
  type: 'OrderPlaced',
  streamId: 'order:1',
  version: index + 1,
  data,
  metadata: '{"correlationId":"c-1","user":"ada"}',
  timestampMs: 1_795_000_000_000 + index,
}))

function nanosecondsAnEvent(make) {
  // Kept for a while, as a reader keeps a page.
  const page = Array.from({ length: 1000 })
  const startMs = performance.now()
  for (let index = 0; index < EVENTS; index++) page[index % 1000] = make(rows[index])
  return ((performance.now() - startMs) * 1e6) / EVENTS
}

const measured = Object.fromEntries(Object.keys(candidates).map((name) => [name, []]))
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, make] of Object.entries(candidates)) measured[name].push(nanosecondsAnEvent(make))
}
process.stdout.write(
  `Node ${process.version}, ${EVENTS} events, median (least to most) of ${ROUNDS} rounds\n`,
)
for (const [name, values] of Object.entries(measured)) {
  const [least, median, most] = [0, ROUNDS >> 1, ROUNDS - 1].map(
    (index) => values.toSorted((a, b) => a - b)[index],
  )
  process.stdout.write(
    `${name.padEnd(22)} ${median.toFixed(0)} ns (${least.toFixed(0)} to ${most.toFixed(0)})\n`,
  )
}
