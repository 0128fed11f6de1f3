/** Writes what stands between two markers, from the word behind the kind. */
export type Generator = (argument: string) => string

// At the start of a line: within a sentence or code they only talk about markers.
const PART = /^(<!-- generated: ([a-z-]+)(?: (\S+))? -->\n)([\s\S]*?)^(<!-- \/generated -->)/gm
const MARKER = /^<!-- (?:generated: .*|\/generated) -->/gm

/**
 * Fills every `<!-- generated: KIND ARGUMENT -->` … `<!-- /generated -->` of a Markdown text.
 *
 * @throws {@link Error} an unknown kind, or a marker that has no partner.
 */
export function fillGeneratedParts(text: string, generators: Readonly<Record<string, Generator>>): string {
  let parts = 0
  const filled = text.replaceAll(
    PART,
    (_, start: string, kind: string, argument: string | undefined, _old, end: string) => {
      parts++
      const generator = Object.hasOwn(generators, kind) ? generators[kind] : undefined
      if (generator === undefined) throw new Error(`no generator is called "${kind}"`)
      return `${start}\n${generator(argument ?? '').trim()}\n\n${end}`
    },
  )
  const markers = text.match(MARKER)?.length ?? 0
  if (markers !== parts * 2) throw new Error(`${markers} markers make up ${parts} parts: one has no partner`)
  return filled
}
