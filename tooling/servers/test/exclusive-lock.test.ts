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

describe('an exclusive lock', () => {
  it('lets one in at a time, gives each its own result and leaves no file behind', async () => {
    let inside = 0
    let most = 0
    const work = async (result: number): Promise<number> => {
      inside += 1
      most = Math.max(most, inside)
      await new Promise((resolve) => setImmediate(resolve))
      inside -= 1
      return result
    }
    const results = [1, 2, 3, 4].map((result) => withExclusiveLock(path, 10_000, () => work(result)))
    expect(await Promise.all(results)).toEqual([1, 2, 3, 4])
    expect(most).toBe(1)
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
      const four = [1, 2, 3, 4].map((result) =>
        withExclusiveLock(path, 10_000, () => Promise.resolve(result)),
      )
      expect(await Promise.all(four)).toEqual([1, 2, 3, 4])
    },
  )
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
