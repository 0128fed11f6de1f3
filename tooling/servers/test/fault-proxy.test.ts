import { createServer, connect, type Server, type Socket } from 'node:net'
import { once } from 'node:events'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startFaultProxy, waitUntil, type FaultProxy } from '../src/index.ts'

/** Answers each line with `re:` and the line, and remembers what it was told. */
class LineServer {
  readonly received: string[] = []
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  text = ''

  constructor() {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket)
      let rest = ''
      socket.on('data', (chunk) => {
        this.text += chunk.toString()
        const lines = (rest + chunk.toString()).split('\n')
        rest = lines.pop() ?? ''
        for (const line of lines) {
          this.received.push(line)
          socket.write(`re:${line}\n`)
        }
      })
      socket.on('error', () => undefined)
      socket.on('close', () => this.#sockets.delete(socket))
    })
  }

  get open(): number {
    return this.#sockets.size
  }

  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('no port')
    return `line://user:word@127.0.0.1:${address.port}/path`
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }
}

class LineClient {
  readonly socket: Socket
  text = ''
  ended = false

  private constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (chunk) => (this.text += chunk.toString()))
    socket.on('error', () => undefined)
    socket.on('close', () => (this.ended = true))
  }

  static async open(port: number): Promise<LineClient> {
    const client = new LineClient(connect({ host: '127.0.0.1', port }))
    await once(client.socket, 'connect')
    return client
  }

  async ask(line: string): Promise<void> {
    this.socket.write(`${line}\n`)
    await until(() => this.text.includes(`re:${line}\n`))
  }
}

async function until(condition: () => boolean): Promise<void> {
  expect(await waitUntil(condition, { deadlineMs: 5_000, intervalMs: 2 }), condition.toString()).toBe(true)
}

let server: LineServer
let proxy: FaultProxy

beforeEach(async () => {
  server = new LineServer()
  proxy = await startFaultProxy(await server.listen())
})

afterEach(async () => {
  await proxy.close()
  await server.close()
})

describe('a fault proxy', () => {
  it('gives the URL of its target with its own address in it', () => {
    expect(proxy.url).toBe(`line://user:word@127.0.0.1:${proxy.port}/path`)
  })

  it('passes both ways, in order, more than a socket buffers', async () => {
    const client = await LineClient.open(proxy.port)
    const line = 'x'.repeat(1024 * 1024)
    for (const number of [1, 2, 3]) client.socket.write(`${number}${line}\n`)
    await until(() => client.text === [1, 2, 3].map((number) => `re:${number}${line}\n`).join(''))
  })

  it('passes the end of one side to the other', async () => {
    const client = await LineClient.open(proxy.port)
    await client.ask('hello')
    client.socket.end()
    await until(() => client.ended && server.open === 0 && proxy.connections === 0)
  })

  it('makes every answer late by twice the delay, and keeps the order', async () => {
    const client = await LineClient.open(proxy.port)
    await client.ask('before')
    proxy.delay(60)
    const startedAt = performance.now()
    client.socket.write('one\n')
    await client.ask('two')
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(118)
    expect(client.text).toBe('re:before\nre:one\nre:two\n')
  })

  it('breaks open connections on both sides, and lets new ones in', async () => {
    const client = await LineClient.open(proxy.port)
    await client.ask('hello')
    proxy.cut()
    await until(() => client.ended && server.open === 0)
    const next = await LineClient.open(proxy.port)
    await next.ask('again')
  })

  it('loses the reply to the request it was told, after the server did the work', async () => {
    const client = await LineClient.open(proxy.port)
    await client.ask('one')
    const lost = proxy.loseReply({ requests: 2 })
    await client.ask('two')
    client.socket.write('three\n')
    expect(await lost).toEqual({ droppedBytes: 're:three\n'.length })
    await until(() => client.ended && server.open === 0)
    expect(client.text).toBe('re:one\nre:two\n')
    expect(server.received).toEqual(['one', 'two', 'three'])
  })

  it('delivers the rest of a request in several chunks before it loses the reply', async () => {
    const client = await LineClient.open(proxy.port)
    const lost = proxy.loseReply({ requests: 1 })
    client.socket.write('thr')
    await until(() => server.text === 'thr')
    client.socket.write('ee\n')
    await lost
    expect(server.received).toEqual(['three'])
    expect(client.text).toBe('')
  })

  it('loses the reply to the request with a given text, and no other', async () => {
    const client = await LineClient.open(proxy.port)
    const other = await LineClient.open(proxy.port)
    const lost = proxy.loseReply({ containing: 'append' })
    await client.ask('read')
    client.socket.write('append 1\n')
    await lost
    await until(() => client.ended)
    await other.ask('append 2')
    expect(server.received).toEqual(['read', 'append 1', 'append 2'])
  })

  it('forwards exactly the bytes it was told, then breaks the connection', async () => {
    const client = await LineClient.open(proxy.port)
    const lost = proxy.loseReply({ bytes: 6 })
    client.socket.write('one\ntwo\n')
    expect(await lost).toEqual({ droppedBytes: 0 })
    await until(() => client.ended && server.open === 0)
    expect(server.text).toBe('one\ntw')
    expect(client.text).toBe('')
  })

  it('breaks the connection in place of delivering a request', async () => {
    const client = await LineClient.open(proxy.port)
    await client.ask('one')
    const lost = proxy.loseRequest({ containing: 'two' })
    client.socket.write('two\n')
    expect(await lost).toEqual({ droppedBytes: 'two\n'.length })
    await until(() => client.ended && server.open === 0)
    expect(server.received).toEqual(['one'])
    await (await LineClient.open(proxy.port)).ask('two')
  })

  it('drops a reply and is silent on that connection from then on, until the client leaves', async () => {
    const client = await LineClient.open(proxy.port)
    const silenced = proxy.silence({ containing: 'one' })
    client.socket.write('one\n')
    expect(await silenced).toEqual({ droppedBytes: 're:one\n'.length })
    client.socket.write('two\n')
    await (await LineClient.open(proxy.port)).ask('three')
    expect(server.received).toEqual(['one', 'three'])
    expect([client.text, client.ended]).toEqual(['', false])
    client.socket.destroy()
    await until(() => server.open === 1)
  })

  it('delivers a reply and breaks the connection after it', async () => {
    const client = await LineClient.open(proxy.port)
    const cut = proxy.cutAfterReply({ containing: 'one' })
    client.socket.write('one\n')
    await cut
    await until(() => client.ended && server.open === 0)
    expect(client.text).toBe('re:one\n')
  })

  it('holds everything in a black hole, the end of a client too, and delivers it when it passes again', async () => {
    const client = await LineClient.open(proxy.port)
    await client.ask('one')
    proxy.blackHole()
    client.socket.write('two\n')
    const late = await LineClient.open(proxy.port)
    late.socket.write('three\n')
    await until(() => proxy.connections === 2 && server.open === 2)
    const gone = await LineClient.open(proxy.port)
    await until(() => server.open === 3)
    gone.socket.resetAndDestroy()
    await LineClient.open(proxy.port)
    await until(() => server.open === 4)
    expect(server.received).toEqual(['one'])
    await proxy.pass()
    await until(() => client.text === 're:one\nre:two\n' && late.text === 're:three\n' && server.open === 3)
  })

  it('refuses new connections while open ones go on, until it passes again', async () => {
    const client = await LineClient.open(proxy.port)
    await client.ask('one')
    await proxy.refuse()
    await expect(LineClient.open(proxy.port)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    await client.ask('two')
    await proxy.pass()
    await (await LineClient.open(proxy.port)).ask('three')
  })

  it('breaks the client when its target cannot be reached', async () => {
    await server.close()
    const client = await LineClient.open(proxy.port)
    await until(() => client.ended)
    server = new LineServer()
    await server.listen()
  })

  it('says that a reply was not lost when it passes or closes before', async () => {
    const passed = proxy.loseReply({ requests: 1 })
    await proxy.pass()
    await expect(passed).rejects.toThrow('passes again')
    const closed = proxy.loseReply({ requests: 1 })
    await proxy.close()
    await expect(closed).rejects.toThrow('closed')
    expect(() => proxy.loseReply({ bytes: 0 })).toThrow(RangeError)
    expect(() => proxy.loseReply({ kafka: 'EndTxn' })).toThrow('only to a proxy of a kafka: URL')
  })
})
