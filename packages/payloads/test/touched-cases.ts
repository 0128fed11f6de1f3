import { type Case, storeCases, streamCases } from '@eventspine/conformance'

/*
 * What becomes of data on its way through publishing and consuming. Groups, leases and checkpoints know nothing of it: on a
 * server they are held to their laws without a claim check, and with one in memory.
 */
const touched =
  /^(publish\/(delivered|several-keys|refusals)|log\/(odd-bodies|trimmed-start)|consume\/(effects-once|effects-with-checkpoint|effects-over-the-limit|transaction-effects|park|replay-in-order|skip-policy|removed-events|published-by-another-process))$/

/** Cases of the `EventStream` port that the claim check has a part in. */
export const touchedStreamCases: readonly Case[] = streamCases.filter(({ id }) => touched.test(id))

/** Cases of the `EventStore` port without those of several processes, which a case of killed ones is harder than. */
export const touchedStoreCases: readonly Case[] = storeCases.filter(({ id }) => !id.startsWith('processes/'))
