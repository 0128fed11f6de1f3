import { relayCases as writingCases } from './cases/relay.ts'
import { relayFencingCases } from './cases/relay-fencing.ts'
import { relayProgramCases } from './cases/relay-programs.ts'
import type { Case, CaseContext } from './kit.ts'
import { refusal } from './refusal.ts'

/** What a stream says that is made of a store: copies and imports go into the store itself. */
async function refusesRelays({ open }: CaseContext): Promise<void> {
  const { stream } = (await open()).backend
  const request = { relay: 'mover', incarnation: '0123456789abcdef', partition: 0, partitions: 1 }
  await refusal(() => stream.openRelay(request), 'NOT_SUPPORTED')
}

function needingTarget(testCase: Case): Case {
  const { needs = () => true, refuses } = testCase
  return {
    ...testCase,
    needs: (capabilities) => capabilities.stream === 'native' && needs(capabilities),
    refuses: async (context) => {
      const refused = context.capabilities.stream === 'native' ? refuses : refusesRelays
      if (refused === undefined)
        throw new Error(`${testCase.id} has nothing to assert where it is not supported`)
      await refused(context)
    },
  }
}

/** Every case of a stream as the target of relays. */
export const relayCases: readonly Case[] = [...writingCases, ...relayFencingCases, ...relayProgramCases].map(
  needingTarget,
)
