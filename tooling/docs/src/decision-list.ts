import { readdirSync } from 'node:fs'
import { readText } from './repository.ts'

const FOLDER = 'docs/decisions'

/** A list of all decision records by their titles, with links as seen from `docs`. */
export function decisionList(): string {
  return readdirSync(new URL(`../../../${FOLDER}`, import.meta.url))
    .filter((name) => /^\d{4}-.*\.md$/.test(name))
    .toSorted()
    .map((name) => {
      const [, number, title] = /^# (\d+)\. (.+)$/m.exec(readText(`${FOLDER}/${name}`)) ?? []
      if (title === undefined || Number(number) !== Number(name.slice(0, 4)))
        throw new Error(`${name} does not start with its number and title`)
      return `- [${number}. ${title.replaceAll('`', '')}](decisions/${name})`
    })
    .join('\n')
}
