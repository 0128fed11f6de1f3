import { loadavg } from 'node:os'
import { type CommandLine, parseCommandLine, usage, UsageError } from './command-line.ts'
import { machineEnvironment, measuredCommit } from './environment.ts'
import { compare, type CompareOptions, type ComparisonResult } from './harness/compare.ts'
import { endProgress, printComparison, showProgress } from './report/print.ts'
import { updateReadme } from './report/readme.ts'
import { type ScenarioResult, writeResult } from './report/result-file.ts'
import type { OpenTarget, Scenario } from './target.ts'

/** Loaded when asked for: what one needs must not be in the way of the others. */
const targets: Readonly<Record<string, () => Promise<OpenTarget>>> = {
  memory: async () => (await import('./memory/memory-target.ts')).openMemoryTarget(),
  postgres: async () => (await import('./postgres/postgres-target.ts')).openPostgresTarget(),
  redis: async () => (await import('./redis/redis-target.ts')).openRedisTarget(),
  kafka: async () => (await import('./kafka/kafka-target.ts')).openKafkaTarget(),
  dynamodb: async () => (await import('./dynamodb/dynamodb-target.ts')).openDynamodbTarget(),
  couchbase: async () => (await import('./couchbase/couchbase-target.ts')).openCouchbaseTarget(),
  payloads: async () => (await import('./payloads/payloads-target.ts')).openPayloadsTarget(),
  relay: async () => (await import('./relay/relay-target.ts')).openRelayTarget(),
}

async function main(): Promise<void> {
  const asked = parseCommandLine(process.argv.slice(2))
  if (asked === undefined) return say(usage)
  if (asked.target === 'report') return say(`wrote ${await updateReadme()}\n`)
  const open = Object.hasOwn(targets, asked.target) ? targets[asked.target] : undefined
  if (open === undefined) {
    throw new UsageError(`no target is called "${asked.target}"; known: ${Object.keys(targets).join(', ')}`)
  }
  const startedAt = new Date().toISOString()
  // Before the first slice: somebody may edit while it runs.
  const commit = measuredCommit()
  await using target = await open()
  const chosen = target.scenarios.filter(({ name }) => isChosen(name, asked.only))
  if (chosen.length === 0) throw new UsageError(`no scenario starts with ${asked.only.join(' or ')}`)
  if (asked.list) return say(chosen.map(({ name, question }) => `${name}\n    ${question}\n`).join(''))
  const environment = { ...machineEnvironment(), ...target.environment }
  say(
    Object.entries(environment)
      .map(([key, value]) => `${key} ${value}`)
      .join(', ') + '\n',
  )
  const scenarios: ScenarioResult[] = []
  for (const scenario of chosen) scenarios.push(await runScenario(scenario, target, asked))
  const result = { format: 1, target: asked.target, startedAt, commit, environment, scenarios } as const
  const whole = !asked.quick && asked.only.length === 0
  say(`\nresults: ${await writeResult(result, whole)}\n`)
}

async function runScenario(
  scenario: Scenario,
  target: OpenTarget,
  asked: CommandLine,
): Promise<ScenarioResult> {
  const { name, question } = scenario
  const comparisons: ComparisonResult[] = []
  const notes: string[] = []
  const options: CompareOptions = {
    rounds: asked.rounds,
    warmupMs: asked.warmupMs,
    durationMs: asked.durationMs,
    serverPid: target.serverPid,
    onSlice: (title, candidate, round) => showProgress(`${title}: round ${round + 1}, ${candidate}`),
  }
  const [loadAverageBefore = 0] = loadavg()
  say(`\n== ${name}: ${question} (load ${loadAverageBefore.toFixed(1)})\n`)
  await scenario.run({
    options,
    async compare(comparison, changes = {}) {
      const result = await compare(comparison, { ...options, ...changes })
      endProgress()
      printComparison(result)
      comparisons.push(result)
      return result
    },
    note(text) {
      say(`${text}\n`)
      notes.push(text)
    },
  })
  return { name, question, loadAverageBefore, comparisons, notes }
}

function isChosen(name: string, only: readonly string[]): boolean {
  return only.length === 0 || only.some((start) => name.startsWith(start))
}

function say(text: string): void {
  process.stdout.write(text)
}

try {
  await main()
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  process.stderr.write(`${error.message}\n\n${usage}`)
  process.exitCode = 2
}
