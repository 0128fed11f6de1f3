import { answerTo, fail, pass, type Trial, withStore } from '../trial.ts'

const STREAM = 'cart:created-twice'

/** Two who both find no stream must not both create it. */
export const duplicateCreate: Trial = {
  id: 'duplicate-create',
  question: 'Is a stream created only once?',
  run: (context) =>
    withStore(context, async (store) => {
      await store.append(STREAM, 0, [1])
      const second = await answerTo(store.append(STREAM, 0, [2]))
      const stored = await store.read(STREAM)
      if (stored.join() !== '1') return fail(`a second "new stream" gave ${second}; stored: ${stored.join()}`)
      return second === 'conflict'
        ? pass('the second is a conflict')
        : pass(`the second is refused: ${second}`)
    }),
}
