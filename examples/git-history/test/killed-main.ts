import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { parseOptions } from '../src/options.ts'
import { run } from '../src/run.ts'

/*
 * What `main.ts` does, killed once so many commits are stored as KILL_AT says. Another thread does it, since this one
 * could only between two calls of the store: it goes on meanwhile, so the kill meets it anywhere.
 */
const killer = new Worker(
  "require('node:worker_threads').parentPort.once('message', () => process.kill(process.pid, 'SIGKILL'))",
  { eval: true },
)
await once(killer, 'online')
const killAt = Number(process.env['KILL_AT'])
const startProgress = () => ({
  update: (done: number) => {
    // A thread has no origin.
    // oxlint-disable-next-line unicorn/require-post-message-target-origin
    if (done >= killAt) killer.postMessage('now')
  },
  note: () => undefined,
  stop: () => undefined,
})
const options = parseOptions(process.argv.slice(2), process.env)
if (options === undefined) throw new Error('a test needs a run')
await run(options, { print: (line) => console.log(line), startProgress }, new AbortController().signal)
