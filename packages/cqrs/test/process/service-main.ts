import { runProcess } from '../../src/index.ts'
import { openUrl, SERVICE } from './service-backend.ts'
import { transfers } from './transfer.ts'

// A service in a process of its own, to be killed: it runs until then.
const backend = await openUrl(process.argv[2] ?? '')
const running = await runProcess(backend, transfers, SERVICE)
process.send?.('ready')
await running.completed
