import { appendCases } from './cases/append.ts'
import { badArgumentCases } from './cases/bad-arguments.ts'
import { busyCases } from './cases/busy.ts'
import { capabilityCases } from './cases/capabilities.ts'
import { commitDocumentCases } from './cases/commit-documents.ts'
import { commitCases } from './cases/commit.ts'
import { differentialCases } from './cases/differential.ts'
import { envelopeCases } from './cases/envelope.ts'
import { expectedVersionCases } from './cases/expected-version.ts'
import { feedRacingCases } from './cases/feed-racing.ts'
import { feedCases } from './cases/feed.ts'
import { groupingCases } from './cases/grouping.ts'
import { importCases } from './cases/import.ts'
import { jsonCases } from './cases/json.ts'
import { limitCases } from './cases/limits.ts'
import { positionCases } from './cases/positions.ts'
import { processCases } from './cases/processes.ts'
import { propertyCases } from './cases/properties.ts'
import { racingCases } from './cases/racing.ts'
import { readCases } from './cases/read.ts'
import { removalFeedCases } from './cases/removal-feed.ts'
import { removalCases } from './cases/removal.ts'
import { repeatCases } from './cases/repeat.ts'
import { sealCases } from './cases/seal.ts'
import { transactionCases } from './cases/transactions.ts'
import { unknownOutcomeCases } from './cases/unknown-outcome.ts'
import { waitCases } from './cases/wait.ts'
import type { Case } from './kit.ts'

/** Every case of the `EventStore` port. */
export const storeCases: readonly Case[] = [
  ...capabilityCases,
  ...appendCases,
  ...expectedVersionCases,
  ...racingCases,
  ...processCases,
  ...repeatCases,
  ...unknownOutcomeCases,
  ...limitCases,
  ...commitCases,
  ...commitDocumentCases,
  ...busyCases,
  ...groupingCases,
  ...transactionCases,
  ...readCases,
  ...jsonCases,
  ...envelopeCases,
  ...badArgumentCases,
  ...removalCases,
  ...removalFeedCases,
  ...feedCases,
  ...feedRacingCases,
  ...positionCases,
  ...waitCases,
  ...sealCases,
  ...importCases,
  ...differentialCases,
  ...propertyCases,
]
