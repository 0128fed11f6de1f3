/** Writes what Kafka's protocols are made of: big-endian integers and counted text, bytes and lists. */
export class ByteWriter {
  readonly #parts: Buffer[] = []

  int16(value: number): this {
    const part = Buffer.alloc(2)
    part.writeInt16BE(value)
    this.#parts.push(part)
    return this
  }

  int32(value: number): this {
    const part = Buffer.alloc(4)
    part.writeInt32BE(value)
    this.#parts.push(part)
    return this
  }

  text(value: string): this {
    const bytes = Buffer.from(value)
    this.int16(bytes.length)
    this.#parts.push(bytes)
    return this
  }

  bytes(value: Buffer): this {
    this.int32(value.length)
    this.#parts.push(value)
    return this
  }

  toBuffer(): Buffer {
    return Buffer.concat(this.#parts)
  }
}

/** Reads them. @throws {RangeError} when there is less than the format says. */
export class ByteReader {
  readonly #buffer: Buffer
  #offset = 0

  constructor(buffer: Buffer) {
    this.#buffer = buffer
  }

  int16(): number {
    const value = this.#buffer.readInt16BE(this.#offset)
    this.#offset += 2
    return value
  }

  int32(): number {
    const value = this.#buffer.readInt32BE(this.#offset)
    this.#offset += 4
    return value
  }

  text(): string {
    return this.#take(this.int16()).toString()
  }

  /** Empty for what is null. */
  bytes(): Buffer {
    return this.#take(Math.max(0, this.int32()))
  }

  list<Item>(item: () => Item): readonly Item[] {
    return Array.from({ length: Math.max(0, this.int32()) }, item)
  }

  #take(length: number): Buffer {
    const end = this.#offset + length
    if (length < 0 || end > this.#buffer.length) throw new RangeError('the bytes end too early')
    const part = this.#buffer.subarray(this.#offset, end)
    this.#offset = end
    return part
  }
}
