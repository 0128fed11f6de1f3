import { expect, test } from 'vitest'
import { Transcript } from '../src/transcript.ts'

function printed(isTTY: boolean, environment: NodeJS.ProcessEnv): string {
  let text = ''
  const write = (part: string | Uint8Array): boolean => {
    text += String(part)
    return true
  }
  const transcript = new Transcript({ write, isTTY }, environment)
  transcript.title('A bank')
  transcript.refused('ada', 'withdraw 5.00', 'the balance is 0.00', 'INSUFFICIENT_FUNDS')
  return text
}

const plain = 'A bank\n  ✗ ada           withdraw 5.00           INSUFFICIENT_FUNDS: the balance is 0.00\n'

test('prints plain text where nobody sees colours', () => {
  expect(printed(false, {})).toBe(plain)
  expect(printed(true, { NO_COLOR: '1' })).toBe(plain)
})

test('prints colours on a terminal', () => {
  const text = printed(true, {})
  expect(text).toContain('\u001b[33mINSUFFICIENT_FUNDS\u001b[39m')
  // oxlint-disable-next-line no-control-regex
  expect(text.replaceAll(/\u001b\[\d+m/g, '')).toBe(plain)
})
