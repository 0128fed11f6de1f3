import { parseArgs } from 'node:util'
import { parseServerName, serverDefinition, serverNames, type ServerName } from './registry.ts'
import { ServerStartError } from './server-start-error.ts'
import { ensureServer, serverStatus, stopServer } from './shared-server.ts'

const usage = `Starts, finds and stops real servers. They listen on 127.0.0.1 only and keep running until stopped.

  npm run servers -- up NAME…          start what does not run yet, wait until it answers
  npm run --silent servers -- url NAME print its URL and nothing else, starting it where needed
  npm run servers -- down [NAME…]      stop; data stay for the next start
  npm run servers -- down --remove-data [NAME…]
  npm run servers -- status            what runs, and where

Names: ${serverNames.map((name) => `${name} (${serverDefinition(name).title})`).join(', ')}
`

class UsageError extends Error {
  override readonly name = 'UsageError'
}

const verbs: Record<string, (names: readonly ServerName[], removeData: boolean) => Promise<void>> = {
  async up(names) {
    // All of them at once would fill a small machine.
    if (names.length === 0) throw new UsageError('up takes at least one name')
    for (const name of names) {
      const { url, version, origin, pid } = await ensureServer(name)
      const process = pid === undefined ? '' : `, process ${pid}`
      say(`${name} ${version} ${originText[origin]} at ${url}${process}`)
    }
  },

  async url(names) {
    const [name, ...rest] = names
    if (name === undefined || rest.length > 0) throw new UsageError('url takes one name')
    say((await ensureServer(name)).url)
  },

  async down(names, removeData) {
    for (const name of orAll(names)) {
      const stopped = await stopServer(name, { removeData })
      say(`${name} ${stopped ? 'stopped' : 'was not running'}${removeData ? ', data removed' : ''}`)
    }
  },

  async status(names) {
    for (const name of orAll(names)) {
      const { record, answers } = await serverStatus(name)
      const { urlVariable } = serverDefinition(name)
      const given = process.env[urlVariable] ? ` (${urlVariable} is set and goes first)` : ''
      say(
        record === undefined
          ? `${name} is not running${given}`
          : `${describe(name, answers, record)}${given}`,
      )
    }
  },
}

const originText = { given: 'given', running: 'already running', started: 'started' } as const

function describe(
  name: ServerName,
  answers: boolean,
  record: { version: string; url: string; startedAt: string; processes: readonly { pid: number }[] },
): string {
  const pids = record.processes.map(({ pid }) => pid).join(', ')
  const state = answers ? 'answers' : 'does not answer'
  return `${name} ${record.version} ${state} at ${record.url}, process ${pids}, since ${record.startedAt}`
}

function orAll(names: readonly ServerName[]): readonly ServerName[] {
  return names.length === 0 ? serverNames : names
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { help: { type: 'boolean', short: 'h' }, 'remove-data': { type: 'boolean' } },
  })
  const [verb, ...names] = positionals
  if (values.help || verb === undefined) return say(usage)
  const run = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined
  if (run === undefined) throw new UsageError(`no command is called "${verb}"`)
  await run(names.map(parseServerName), values['remove-data'] ?? false)
}

try {
  await main()
} catch (error) {
  const isUsage = error instanceof UsageError || error instanceof RangeError || error instanceof TypeError
  if (isUsage) process.stderr.write(`${error.message}\n\n${usage}`)
  else process.stderr.write(`${error instanceof ServerStartError ? error.message : String(error)}\n`)
  process.exitCode = isUsage ? 2 : 1
}
