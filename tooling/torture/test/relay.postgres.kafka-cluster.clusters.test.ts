import { relayTortureTest } from './relay-torture-test.ts'

relayTortureTest('relay-kafka-cluster', ['target', 'random', 'target', 'after-call', 'target'])
