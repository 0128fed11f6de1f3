import { type NumberLog, parityOf } from '../contender.ts'
import { answerTo, fail, pass, type Trial, withStore } from '../trial.ts'
import { randomScript, type Step } from '../random-script.ts'

const STEPS = 300

/** A store in memory that answers otherwise than the real one makes tests that prove nothing. */
export const memoryAgainstStore: Trial = {
  id: 'memory-against-store',
  question: 'Do the store in memory and the real one answer one random script alike?',
  run: (context) =>
    withStore(context, async (store) => {
      const memory = await context.contender.openMemory()
      try {
        const script = randomScript(context.seed)
        for (let number = 1; number <= STEPS; number++) {
          const step = script.next()
          const [inMemory, real] = [await perform(memory, step), await perform(store, step)]
          if (inMemory !== real)
            return fail(
              `step ${number} of seed ${context.seed}, ${told(step)}: memory ${inMemory}, real ${real}`,
            )
          if (step.kind === 'append' && real === 'appended')
            script.appended(step.streamId, step.numbers.length)
        }
        return pass(`${STEPS} steps of seed ${context.seed} gave the same answers`)
      } finally {
        await memory.close()
      }
    }),
}

async function perform(log: NumberLog, step: Step): Promise<string> {
  switch (step.kind) {
    case 'append':
      return answerTo(log.append(step.streamId, step.expected, step.numbers))
    case 'read':
      return (await log.read(step.streamId)).join()
    case 'read-by-tags':
      return (await log.readByTags?.(step.streamId, parityOf(step.number)))?.join() ?? 'not offered'
  }
}

function told(step: Step): string {
  if (step.kind === 'read') return `a read of ${step.streamId}`
  if (step.kind === 'read-by-tags') return `a read by two tags`
  return `an append of ${step.numbers.length} to ${step.streamId} that expects ${step.expected}`
}
