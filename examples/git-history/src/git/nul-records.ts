const NUL = 0

/**
 * Splits what git prints with `-z` at its NUL bytes, as bytes: the records of one chunk at a time, since an
 * `await` a record would cost more than the record. Every record must be terminated.
 */
export async function* nulRecords(chunks: AsyncIterable<Buffer>): AsyncGenerator<readonly Buffer[]> {
  let started: Buffer[] = []
  for await (const chunk of chunks) {
    const records: Buffer[] = []
    let from = 0
    for (let end = chunk.indexOf(NUL); end !== -1; end = chunk.indexOf(NUL, from)) {
      const rest = chunk.subarray(from, end)
      records.push(started.length === 0 ? rest : Buffer.concat([...started, rest]))
      started = []
      from = end + 1
    }
    if (from < chunk.length) started.push(chunk.subarray(from))
    if (records.length > 0) yield records
  }
  if (started.length > 0) throw new Error('the last record of git is cut off')
}
