// The entry of the root commands. It must run on a fresh clone, so it is plain JavaScript without dependencies.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * One line a command, `npm run NAME`: either a `file` that tsx runs, from source where `build` is false and else
 * after a build, on what users would install; or a `task` that turbo runs in every package.
 */
const targets = {
  test: { file: 'scripts/test.ts', build: false },
  'test:clusters': { file: 'scripts/test-clusters.ts', build: false },
  demo: { file: 'examples/bank-account/src/main.ts', build: true },
  'git-history': { file: 'examples/git-history/src/main.ts', build: true },
  'order-flow': { file: 'examples/order-flow/src/main.ts', build: true },
  'photo-shop': { file: 'examples/photo-shop/src/main.ts', build: true },
  servers: { file: 'tooling/servers/src/cli.ts', build: false },
  bench: { file: 'benchmarks/src/main.ts', build: true },
  league: { file: 'benchmarks/src/league/main.ts', build: true },
  torture: { file: 'tooling/torture/src/main.ts', build: true },
  docs: { file: 'tooling/docs/src/main.ts', build: false },
  'check:packed': { file: 'scripts/check-packed.ts', build: true },
  'check:layout': { file: 'scripts/check-layout.ts', build: false },
  build: { task: 'build' },
  typecheck: { task: 'typecheck' },
}

const root = fileURLToPath(new URL('..', import.meta.url))
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const [targetName = '', ...targetArguments] = process.argv.slice(2)

// npx is a batch file there.
const shell = process.platform === 'win32'
const quietTurbo = { ...process.env, TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1' }

class Stop extends Error {}

try {
  process.exitCode = await main()
} catch (error) {
  if (!(error instanceof Stop)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
}

async function main() {
  checkNodeVersion()
  const target = Object.hasOwn(targets, targetName) ? targets[targetName] : undefined
  if (target === undefined) {
    throw new Stop(`no command is called "${targetName}"; known: ${Object.keys(targets).join(', ')}`)
  }
  if (target.file !== undefined && !existsSync(join(root, target.file)))
    throw new Stop(`${targetName} is not there: ${target.file} does not exist`)
  await installWhereNeeded()
  if (target.task !== undefined) return await runTask(target.task)
  if (target.build) await quietly('building', pnpmOnPath('turbo run build --output-logs=errors-only'))
  return await runFile(target)
}

function checkNodeVersion() {
  const wanted = manifest.engines.node.replace('>=', '')
  const [major, minor] = process.versions.node.split('.').map(Number)
  const [wantedMajor, wantedMinor] = wanted.split('.').map(Number)
  if (major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)) return
  throw new Stop(
    `Eventspine needs Node ${wanted} or later; this is ${process.versions.node} (${process.execPath})`,
  )
}

/** The lockfile's content is compared, not its age: a checkout gives every file a new one. */
async function installWhereNeeded() {
  const stamp = join(root, 'node_modules', '.eventspine-install')
  const lockfile = readFileSync(join(root, 'pnpm-lock.yaml'))
  const wanted = createHash('sha256')
    .update(lockfile)
    .update(`${process.platform}-${process.arch}`)
    .digest('hex')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  await quietly('installing', ['npx', '--yes', manifest.packageManager, 'install', '--frozen-lockfile'])
  writeFileSync(stamp, wanted)
}

/** turbo calls pnpm by its name; npx puts the pinned one on the PATH of what it runs. */
function pnpmOnPath(command) {
  return ['npx', '--yes', '-p', manifest.packageManager, '-c', command]
}

/** One line for people on stderr, so that the output of a command stays its own; the whole output when it fails. */
async function quietly(what, [program, ...words]) {
  const startedAt = performance.now()
  process.stderr.write(`${what} …`)
  let output = ''
  const child = spawn(program, words, {
    cwd: root,
    shell,
    stdio: ['ignore', 'pipe', 'pipe'],
    // As in CI: nothing asks questions that nobody sees.
    env: { ...quietTurbo, CI: 'true' },
  })
  child.stdout.on('data', (chunk) => (output += chunk))
  child.stderr.on('data', (chunk) => (output += chunk))
  const { code, signal } = await ended(child)
  process.stderr.write(` ${((performance.now() - startedAt) / 1000).toFixed(1)} s\n`)
  if (code !== 0)
    throw new Stop(
      `${output}\n${what} failed (${signal ?? `exit code ${code}`}): ${[program, ...words].join(' ')}`,
    )
}

async function runTask(task) {
  const [program, ...words] = pnpmOnPath(['turbo run', task, ...targetArguments].join(' '))
  return await follow(spawn(program, words, { cwd: root, env: quietTurbo, shell, stdio: 'inherit' }))
}

async function runFile(target) {
  // From source where nothing was built: packages name their sources under this condition.
  const conditions = target.build ? [] : ['--conditions=@eventspine/source']
  const words = [...conditions, '--import', 'tsx', join(root, target.file), ...targetArguments]
  return await follow(spawn(process.execPath, words, { cwd: root, stdio: 'inherit' }))
}

async function follow(child) {
  // A terminal sends Ctrl-C to both: the target decides what it means, and this process reports how it ended.
  process.on('SIGINT', () => undefined)
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  process.on('SIGHUP', () => child.kill('SIGHUP'))
  const { code, signal } = await ended(child)
  return code ?? 128 + constants.signals[signal]
}

function ended(child) {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve({ code, signal }))
  })
}
