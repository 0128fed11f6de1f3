import { answerTo, fail, notOffered, pass, type Trial, withStore } from '../trial.ts'

const STREAM = 'cart:with-a-gap'

/** Who expects a version that the stream never reached has seen something else. */
export const versionGap: Trial = {
  id: 'version-gap',
  question: 'Is an append refused that expects a version ahead of the stream?',
  run: (context) =>
    withStore(context, async (store) => {
      await store.append(STREAM, 0, [1])
      const answer = await answerTo(store.append(STREAM, 7, [8]))
      if (answer === 'not expressible')
        return notOffered('its conditions are positions that were read before')
      const stored = await store.read(STREAM)
      if (stored.join() !== '1')
        return fail(`a stream of 1 event took one that expects 7; stored: ${stored.join()}`)
      return pass(answer === 'conflict' ? 'it is a conflict' : `it is refused: ${answer}`)
    }),
}
