import { once } from 'node:events'
import { startPostgres } from '../src/index.ts'

const { pid, dataDirectory } = await startPostgres()
process.stdout.write(`${JSON.stringify({ pid, dataDirectory })}\n`)
await once(process.stdin, 'data')
process.exit(0)
