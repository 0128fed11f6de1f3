import { styleText } from 'node:util'

/** Colours a text, or leaves it as it is. */
export type Paint = (format: Parameters<typeof styleText>[0], text: string) => string

/** Colours where a terminal shows them. */
export function paintFor({ isTTY }: { readonly isTTY: boolean }, environment: NodeJS.ProcessEnv): Paint {
  // https://no-color.org
  if (!isTTY || (environment['NO_COLOR'] ?? '') !== '') return (_format, text) => text
  // It would otherwise judge by the process's own output.
  return (format, text) => (text === '' ? '' : styleText(format, text, { validateStream: false }))
}
