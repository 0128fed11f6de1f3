import { relayTortureTest } from './relay-torture-test.ts'

relayTortureTest('relay-redis')
