import { tortureTest } from './torture-test.ts'

tortureTest('couchbase', ['sent', 'replied', 'random', 'paused'])
