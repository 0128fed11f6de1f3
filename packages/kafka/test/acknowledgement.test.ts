import { expect, it } from 'vitest'
import { acknowledged, type Sending } from '../src/acknowledgement.ts'

const round = { partitions: new Map([[0, []]]) }
const answer = { topicName: 'orders', partition: 0, errorCode: 0, baseOffset: '7' }
const other = { ...answer, topicName: 'others' }

/** What became of partition 0. */
function placed(answers: readonly (typeof answer)[], sending: Sending): unknown {
  const place = acknowledged('orders', round, answers, sending).get(0)
  return place instanceof Error && 'code' in place && 'outcome' in place
    ? `${place.code} ${place.outcome}`
    : place
}

it.each([true, false])('takes one answer for what it says, in a transaction: %s', (inTransaction) => {
  expect(placed([other, answer], { attempts: 1, inTransaction })).toBe(7)
  expect(placed([{ ...answer, baseOffset: '-1' }], { attempts: 1, inTransaction })).toBe(
    'BACKEND_FAILED unknown',
  )
  expect(placed([other], { attempts: 1, inTransaction })).toBe('STORE_INCOMPATIBLE not-applied')
})

it('knows that a repeated batch without an answer may be there, unless a transaction is undone', () => {
  expect(placed([other], { attempts: 2, inTransaction: false })).toBe('OUTCOME_UNKNOWN unknown')
  expect(placed([other], { attempts: 2, inTransaction: true })).toBe('BACKEND_UNAVAILABLE not-applied')
})

it('undoes a transaction that holds a batch twice', () => {
  const again = { ...answer, baseOffset: '9' }
  expect(placed([answer, again], { attempts: 2, inTransaction: true })).toBe(
    'BACKEND_UNAVAILABLE not-applied',
  )
  expect(placed([answer, again], { attempts: 2, inTransaction: false })).toBe(7)
})
