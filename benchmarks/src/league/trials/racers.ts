import { answerTo, fail, pass, type Trial, withStore } from '../trial.ts'

const STREAM = 'cart:raced-for'
const RACERS = 16
const ROUNDS = 20
const FIRST = -1

/** Of several who decide on the same version, one may win. */
export const racers: Trial = {
  id: 'racers',
  question: `Of ${RACERS} who append at one version at once, does one win?`,
  run: (context) =>
    withStore(context, async (store) => {
      // Half of them come from another client.
      const other = await context.contender.open(context.url)
      // From the second version on: how a stream is created is asked elsewhere.
      await store.append(STREAM, 0, [FIRST])
      const winners = [FIRST]
      const refusals = new Map<string, number>()
      for (let round = 0; round < ROUNDS; round++) {
        const numbers = Array.from({ length: RACERS }, (_, racer) => round * RACERS + racer)
        const answers = await Promise.all(
          numbers.map((number) => {
            const from = number % 2 === 0 ? store : other
            return answerTo(from.append(STREAM, winners.length, [number]))
          }),
        )
        const won = numbers.filter((_, racer) => answers[racer] === 'appended')
        for (const answer of answers.filter((given) => given !== 'appended'))
          refusals.set(answer, (refusals.get(answer) ?? 0) + 1)
        if (won.length !== 1) {
          await other.close()
          return fail(`in round ${round + 1}, ${won.length} of ${RACERS} won; ${told(refusals)}`)
        }
        winners.push(...won)
      }
      await other.close()
      const stored = await store.read(STREAM)
      if (stored.join() !== winners.join())
        return fail(`${winners.length - 1} won, and ${stored.length - 1} events are stored`)
      return pass(`one in each of ${ROUNDS} rounds; ${told(refusals)}`)
    }),
}

function told(refusals: ReadonlyMap<string, number>): string {
  const [most] = [...refusals].sort(([, one], [, two]) => two - one)
  return most === undefined ? 'nobody was refused' : `${most[1]} of the others were told: ${most[0]}`
}
