import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { benchmarksDirectory, scratchDirectory } from '../report/directories.ts'

const run = promisify(execFile)

const LOADER = 'load.mjs'

/** A peer that is there, or why it is not. */
export type InstalledPeer =
  | { readonly installed: true; readonly folder: string }
  | { readonly installed: false; readonly reason: string }

/**
 * Installs the pinned packages of `peers/NAME` in a folder of their own that git ignores: nobody who does not measure
 * needs them, and what they ask for must not change what we resolve.
 */
export async function installPeer(name: string): Promise<InstalledPeer> {
  const source = join(benchmarksDirectory, 'peers', name)
  const folder = join(scratchDirectory, 'peers', name)
  const lock = await readFile(join(source, 'package-lock.json'))
  const wanted = createHash('sha256').update(lock).digest('hex')
  const stamp = join(folder, 'installed')
  if (existsSync(stamp) && (await readFile(stamp, 'utf8')) === wanted) return withLoader(folder)
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  for (const file of ['package.json', 'package-lock.json'])
    await copyFile(join(source, file), join(folder, file))
  try {
    // Peers declare what they bundle as peers of their own, in ranges that contradict each other.
    // One that asks for a newer Node may do without; its run shows.
    const words = [
      'ci',
      '--legacy-peer-deps',
      '--engine-strict=false',
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
    ]
    await run('npm', words, { cwd: folder, shell: process.platform === 'win32' })
  } catch (error) {
    return { installed: false, reason: lastLine(error) }
  }
  await writeFile(stamp, wanted)
  return withLoader(folder)
}

/** A module beside the packages: only from there they are found as their own manifests say. */
async function withLoader(folder: string): Promise<InstalledPeer> {
  await writeFile(join(folder, LOADER), 'export const load = (name) => import(name)\n')
  return { installed: true, folder }
}

/**
 * Loads the modules of a peer from the folder that it is installed in.
 *
 * @returns a loader by the module's name. What it returns is taken to be of the type asked for: a module that lacks what
 *   its type says makes its first use fail, which is the check there can be.
 */
export async function peerModules(folder: string): Promise<<Module>(name: string) => Promise<Module>> {
  // The module that `withLoader` wrote.
  const { load } = (await import(pathToFileURL(join(folder, LOADER)).href)) as {
    readonly load: (name: string) => Promise<unknown>
  }
  return async <Module>(name: string) => (await load(name)) as Module
}

function lastLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.trim().split('\n').at(-1) ?? 'no reason given'
}
