import { clusterSteps } from './test-run/cluster-steps.ts'
import { runTestCommand } from './test-run/run-test-command.ts'

const usage = `npm run test:clusters -- [options] [file…]

  All tests on clusters: the long ones, and the short ones that npm test runs too.

  --only NAME,NAME       the servers that tests are on, such as kafka-cluster,postgres
  -t, --test-name-pattern TEXT   only tests whose names match
  file…                  only the long ones whose paths hold this
  --seed NUMBER          the random order of an earlier run
`

await runTestCommand({ usage, stepNames: [], stepsOf: clusterSteps })
