import { competeCases } from './cases/compete.ts'
import { consumeCheckpointCases } from './cases/consume-checkpoint.ts'
import { consumeDeliveryCases } from './cases/consume-delivery.ts'
import { consumeEffectsCases } from './cases/consume-effects.ts'
import { consumeFailureCases } from './cases/consume-failure.ts'
import { consumeObserveCases } from './cases/consume-observe.ts'
import { consumeOptionsCases } from './cases/consume-options.ts'
import { consumeOwnershipCases } from './cases/consume-ownership.ts'
import { consumeProcessCases } from './cases/consume-processes.ts'
import { consumeProgramCases } from './cases/consume-programs.ts'
import { consumeThrownCases } from './cases/consume-thrown.ts'
import { crashCases } from './cases/crashes.ts'
import { groupCases } from './cases/groups.ts'
import { logCases } from './cases/log.ts'
import { logTrimCases } from './cases/log-trim.ts'
import { publishCases } from './cases/publish.ts'
import type { Case, CaseContext } from './kit.ts'
import { refusal } from './refusal.ts'
import { sampleEvent } from './sample-events.ts'

/** What a backend without a stream says to every verb of the port. */
async function refusesStream({ open }: CaseContext): Promise<void> {
  const { stream } = (await open()).backend
  const handlers = (): void => undefined
  await refusal(() => stream.publish({ ...sampleEvent(1), streamId: 'refused' }), 'NOT_SUPPORTED')
  await refusal(() => stream.subscribe({ group: 'refused', handlers }), 'NOT_SUPPORTED')
  await refusal(() => stream.runOnce({ group: 'refused', handlers, budgetMs: 10 }), 'NOT_SUPPORTED')
}

function needingStream(testCase: Case): Case {
  const { needs = () => true, refuses } = testCase
  return {
    ...testCase,
    needs: (capabilities) => capabilities.stream !== 'none' && needs(capabilities),
    refuses: async (context) => {
      const refused = context.capabilities.stream === 'none' ? refusesStream : refuses
      if (refused === undefined)
        throw new Error(`${testCase.id} has nothing to assert where it is not supported`)
      await refused(context)
    },
  }
}

/** Every case of the `EventStream` port. */
export const streamCases: readonly Case[] = [
  ...publishCases,
  ...logCases,
  ...logTrimCases,
  ...consumeDeliveryCases,
  ...consumeCheckpointCases,
  ...consumeFailureCases,
  ...consumeThrownCases,
  ...consumeOwnershipCases,
  ...groupCases,
  ...competeCases,
  ...consumeEffectsCases,
  ...consumeObserveCases,
  ...consumeOptionsCases,
  ...consumeProgramCases,
  ...consumeProcessCases,
  ...crashCases,
].map(needingStream)
