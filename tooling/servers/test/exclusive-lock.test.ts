import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { withExclusiveLock } from '../src/exclusive-lock.ts'
import { endProcess, identifyProcess, isProcessAlive, signalProcess } from '../src/process-identity.ts'

let folder: string
let path: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'eventspine-lock-'))
  path = join(folder, 'one.lock')
})

afterEach(async () => {
  await rm(folder, { recursive: true })
})

async function deadProcess(): Promise<number> {
  const ended = promisify(execFile)(process.execPath, ['-p', 'process.pid'])
  return Number((await ended).stdout)
}

/** That many ask for the lock at once; tells how many were ever inside together. */
async function contend(count: number): Promise<{ results: readonly number[]; most: number }> {
  let inside = 0
  let most = 0
  const work = async (result: number): Promise<number> => {
    inside += 1
    most = Math.max(most, inside)
    await readdir(folder)
    inside -= 1
    return result
  }
  const all = Array.from({ length: count }, (_, result) =>
    withExclusiveLock(path, 10_000, () => work(result)),
  )
  return { results: await Promise.all(all), most }
}

describe('an exclusive lock', () => {
  it('lets one in at a time, gives each its own result and leaves no file behind', async () => {
    expect(await contend(10)).toEqual({ results: [...Array.from({ length: 10 }).keys()], most: 1 })
    expect(await readdir(folder)).toEqual([])
  })

  it('is free again after the work failed', async () => {
    await expect(withExclusiveLock(path, 1_000, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(await withExclusiveLock(path, 1_000, () => Promise.resolve('yes'))).toBe('yes')
  })

  it('says which living process holds it when the deadline passes', async () => {
    const blocked = withExclusiveLock(path, 1_000, () => withExclusiveLock(path, 0, () => Promise.resolve()))
    await expect(blocked).rejects.toThrow(`still held by process ${process.pid}`)
  })

  it.for(['a process that ended', 'a number that was given to another process'])(
    'is taken over from %s',
    async (holder) => {
      const pid = holder === 'a process that ended' ? await deadProcess() : process.pid
      await writeFile(path, JSON.stringify({ pid, startMark: 'long ago' }))
      expect((await contend(6)).most).toBe(1)
    },
  )
})

describe('a lock whose holder died', () => {
  const dead = JSON.stringify({ pid: process.pid, startMark: 'long ago' })

  it('is taken over by one at a time, so that nobody removes the lock of a quicker one', async () => {
    await writeFile(path, dead)
    await withExclusiveLock(`${path}.guard`, 1_000, async () => {
      await expect(withExclusiveLock(path, 100, () => Promise.resolve())).rejects.toThrow('still held')
    })
    expect(await withExclusiveLock(path, 1_000, () => Promise.resolve('free'))).toBe('free')
  })

  it('is taken over though one died while doing so', async () => {
    await writeFile(path, dead)
    await writeFile(`${path}.guard`, dead)
    expect(await withExclusiveLock(path, 1_000, () => Promise.resolve('free'))).toBe('free')
    expect(await readdir(folder)).toEqual([])
  })
})

describe('the identity of a process', () => {
  it('is the same at every look and differs from that of another', () => {
    const me = identifyProcess(process.pid)
    expect(me).toEqual(identifyProcess(process.pid))
    expect(me?.startMark).not.toBe(identifyProcess(process.ppid)?.startMark)
  })

  it('protects a process that has got the number of an earlier one', async () => {
    const stranger = { pid: process.pid, startMark: 'long ago' }
    expect(isProcessAlive(stranger)).toBe(false)
    expect(signalProcess(stranger, 'SIGKILL')).toBe(false)
    await endProcess(stranger, 'SIGKILL', 0)
  })

  it('is gone with the process', async () => {
    expect(identifyProcess(await deadProcess())).toBeUndefined()
  })
})
