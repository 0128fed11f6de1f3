import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { benchmarksDirectory, scratchDirectory } from '../report/directories.ts'

const run = promisify(execFile)

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
  if (existsSync(stamp) && (await readFile(stamp, 'utf8')) === wanted) return { installed: true, folder }
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  for (const file of ['package.json', 'package-lock.json'])
    await copyFile(join(source, file), join(folder, file))
  try {
    // Peers declare what they bundle as peers of their own, in ranges that contradict each other.
    const words = ['ci', '--legacy-peer-deps', '--ignore-scripts', '--no-audit', '--no-fund']
    await run('npm', words, { cwd: folder, shell: process.platform === 'win32' })
  } catch (error) {
    return { installed: false, reason: lastLine(error) }
  }
  await writeFile(stamp, wanted)
  return { installed: true, folder }
}

function lastLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.trim().split('\n').at(-1) ?? 'no reason given'
}
