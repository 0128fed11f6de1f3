import { once } from 'node:events'
import { startOwnServer } from '../src/own-server.ts'
import { parseServerName } from '../src/registry.ts'

const { pid, dataDirectory } = await startOwnServer(parseServerName(process.argv[2] ?? ''))
process.stdout.write(`${JSON.stringify({ pid, dataDirectory })}\n`)
await once(process.stdin, 'data')
process.exit(0)
