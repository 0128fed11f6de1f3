import { tortureTest } from './torture-test.ts'

tortureTest('couchbase')
