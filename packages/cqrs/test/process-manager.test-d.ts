import { describe, expectTypeOf, test } from 'vitest'
import { external, processManager, runProcess } from '../src/index.ts'
import { memory } from '@eventspine/memory'
import { account, accountDecider, transfer } from './process/transfer.ts'

interface Mail {
  readonly text: string
}

const definition = {
  name: 'p',
  events: [transfer, account],
  receivers: { account: accountDecider, mail: external<Mail>() },
  initialState: (): { step: 'new' | 'done'; cents: number } => ({ step: 'new', cents: 0 }),
  onRefused: () => undefined,
} as const

describe('a process manager', () => {
  test('knows data by event type, and the state by initialState', () => {
    processManager({
      ...definition,
      react: {
        Requested: (state, event, context) => {
          expectTypeOf(event.data).toEqualTypeOf<{ from: string; to: string; cents: number }>()
          expectTypeOf(state.step).toEqualTypeOf<'new' | 'done'>()
          expectTypeOf(context.key).toBeString()
          return { state: { step: 'done', cents: event.data.cents } }
        },
        Deposited: (_state, { data }) => {
          expectTypeOf(data).toEqualTypeOf<{ cents: number }>()
          return undefined
        },
      },
    })
  })

  test('takes commands that their receivers take, and no others', () => {
    processManager({
      ...definition,
      react: {
        Requested: () => ({ commands: [{ to: 'mail', stream: 'ada', command: { text: 'hello' } }] }),
        // @ts-expect-error the account knows no such command
        Completed: () => ({ commands: [{ to: 'account', stream: 'ada', command: { type: 'Burn' } }] }),
        // @ts-expect-error nobody has this name
        Failed: () => ({ commands: [{ to: 'nobody', stream: 'ada', command: { text: 'hello' } }] }),
        // @ts-expect-error a step that the state has not
        Opened: () => ({ state: { step: 'lost', cents: 0 } }),
      },
    })
  })

  test('narrows a refused command on its receiver', () => {
    processManager({
      ...definition,
      react: {},
      onRefused: (_state, refusal) => {
        if (refusal.to === 'mail') expectTypeOf(refusal.command).toEqualTypeOf<Mail>()
        expectTypeOf(refusal.code).toBeString()
        return undefined
      },
    })
  })

  test('has no reaction to what the contracts do not define', () => {
    // @ts-expect-error no contract has this type
    processManager({ ...definition, react: { Exploded: () => undefined } })
  })

  test('is run with handlers of its external receivers, typed by their commands', () => {
    const manager = processManager({ ...definition, react: {} })
    void runProcess(memory(), manager, {
      external: { mail: (_stream, command) => void expectTypeOf(command).toEqualTypeOf<Mail>() },
    })
    // @ts-expect-error the account is no external receiver
    void runProcess(memory(), manager, { external: { mail: () => undefined, account: () => undefined } })
  })
})
