import * as kit from '@eventspine/conformance'
import type { Case, Law } from '@eventspine/conformance'

/** Every case that the kit exports, whichever port it is for. */
function allCases(): readonly Case[] {
  const lists = Object.values(kit).filter((exported): exported is readonly Case[] => Array.isArray(exported))
  return lists.flat()
}

export function isLaw(word: string): word is Law {
  return Object.hasOwn(kit.LAWS, word)
}

/** Ids of the cases that prove a law, sorted. */
export function casesOf(law: Law): readonly string[] {
  return allCases()
    .filter(({ laws }) => laws.includes(law))
    .map(({ id }) => id)
    .toSorted((a, b) => (a < b ? -1 : 1))
}

/** The line of `docs/guarantees.md` that names the cases of a law. */
export function lawCases(law: string): string {
  if (!isLaw(law)) throw new Error(`the kit knows no law "${law}"`)
  const ids = casesOf(law)
  if (ids.length === 0) return 'No case proves it yet.'
  return `Proven by ${ids.map((id) => `\`${id}\``).join(', ')}.`
}
