import { describe, expect, it } from 'vitest'
import { runSteps } from './run-steps.ts'
import { oneFailed, onePassed, sum, type Step, type StepOutcome } from './step.ts'

class Recorder {
  readonly events: string[] = []
  readonly #ends = new Map<string, (outcome: StepOutcome) => void>()

  /** A step that runs until it is told how it ends. */
  step(name: string, more: Partial<Step> = {}): Step {
    const run = (): Promise<StepOutcome> => new Promise((resolve) => this.#ends.set(name, resolve))
    return { name, run, ...more }
  }

  async run(steps: readonly Step[]) {
    return await runSteps(steps, {
      width: 2,
      contextOf: () => ({ logPath: '' }),
      onStart: ({ name }) => this.events.push(`+${name}`),
      onEnd: ({ step }) => this.events.push(`-${step.name}`),
    })
  }

  async end(name: string, outcome: StepOutcome = onePassed): Promise<void> {
    this.#ends.get(name)?.(outcome)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

function instant(name: string, outcome: StepOutcome, more: Partial<Step> = {}): Step {
  return { name, run: () => Promise.resolve(outcome), ...more }
}

describe('a run of steps', () => {
  it('runs two at a time in their order, and reports in it too', async () => {
    const recorder = new Recorder()
    const run = recorder.run([recorder.step('a'), recorder.step('b'), recorder.step('c')])
    expect(recorder.events).toEqual(['+a', '+b'])
    await recorder.end('b')
    await recorder.end('c')
    await recorder.end('a')
    expect(recorder.events).toEqual(['+a', '+b', '-b', '+c', '-c', '-a'])
    expect((await run).map(({ step }) => step.name)).toEqual(['a', 'b', 'c'])
  })

  it('gives a step the machine to itself where it asks for it', async () => {
    const recorder = new Recorder()
    const run = recorder.run([recorder.step('a'), recorder.step('b', { alone: true }), recorder.step('c')])
    expect(recorder.events).toEqual(['+a'])
    await recorder.end('a')
    expect(recorder.events).toEqual(['+a', '-a', '+b'])
    await recorder.end('b')
    await recorder.end('c')
    await run
    expect(recorder.events).toEqual(['+a', '-a', '+b', '-b', '+c', '-c'])
  })

  it('lets a step wait for those it names, and not for one that was left out', async () => {
    const recorder = new Recorder()
    const steps = [recorder.step('a'), recorder.step('b', { after: ['a', 'absent'] }), recorder.step('c')]
    const run = recorder.run(steps)
    expect(recorder.events).toEqual(['+a', '+c'])
    await recorder.end('a')
    await recorder.end('b')
    await recorder.end('c')
    await run
    expect(recorder.events).toEqual(['+a', '+c', '-a', '+b', '-b', '-c'])
  })

  it('fails what builds on a failed step without running it', async () => {
    const reports = await new Recorder().run([
      instant('a', oneFailed),
      instant('b', onePassed, { after: ['a'] }),
      instant('c', onePassed, { after: ['b'] }),
    ])
    expect(reports.map(({ outcome }) => outcome.failed)).toEqual([1, 1, 1])
    expect(reports[1]?.outcome.problem).toBe('not run: a failed')
  })

  it('counts a step that throws, or that checks nothing, as failed', async () => {
    const reports = await new Recorder().run([
      { name: 'a', run: () => Promise.reject(new Error('crashed')) },
      instant('b', { passed: 0, failed: 0, skipped: 3 }),
      instant('c', onePassed),
    ])
    expect(sum(reports.map(({ outcome }) => outcome))).toEqual({ passed: 1, failed: 2, skipped: 3 })
    expect(reports[0]?.outcome.problem).toContain('crashed')
    expect(reports[1]?.outcome.problem).toBe('it checked nothing')
  })

  it('refuses steps that wait for each other', async () => {
    const steps = [instant('a', onePassed, { after: ['b'] }), instant('b', onePassed, { after: ['a'] })]
    await expect(new Recorder().run(steps)).rejects.toThrow('wait for each other: a, b')
  })
})
