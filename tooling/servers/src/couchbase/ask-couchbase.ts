import { connect, type Socket } from 'node:net'
import { connect as connectSecurely } from 'node:tls'

/** Of the key-value protocol: https://github.com/couchbase/kv_engine/blob/master/docs/BinaryProtocol.md */
const versionOpcode = 0x0b
const headerBytes = 24
const defaultPorts: Readonly<Record<string, number>> = { 'couchbase:': 11_210, 'couchbases:': 11_207 }

/**
 * Asks the key-value service for its version, which it tells before anybody logs in.
 *
 * @returns such as `7.6.2`. Rejects when there is no answer within `deadlineMs`.
 */
export async function askCouchbase(url: string, deadlineMs: number): Promise<string> {
  const { protocol, hostname, port } = new URL(url)
  const target = {
    host: hostname,
    port: port === '' ? (defaultPorts[protocol] ?? 0) : Number(port),
  }
  const socket =
    protocol === 'couchbases:' ? connectSecurely({ ...target, servername: hostname }) : connect(target)
  const late = new Error(`no answer within ${deadlineMs} ms`)
  const timer = setTimeout(() => socket.destroy(late), deadlineMs)
  try {
    return await versionOf(socket)
  } finally {
    clearTimeout(timer)
    socket.destroy()
  }
}

async function versionOf(socket: Socket): Promise<string> {
  const request = Buffer.alloc(headerBytes)
  request[0] = 0x80
  request[1] = versionOpcode
  socket.write(request)
  let answer = Buffer.alloc(0)
  for await (const chunk of socket) {
    answer = Buffer.concat([answer, chunk as Buffer]) // A socket without an encoding gives bytes.
    if (answer.length < headerBytes) continue
    const end = headerBytes + answer.readUInt32BE(8)
    if (answer.length < end) continue
    const status = answer.readUInt16BE(6)
    if (status !== 0) throw new Error(`the key-value service answered with status ${status}`)
    return answer.toString('utf8', headerBytes, end)
  }
  throw new Error('the key-value service closed the connection')
}
