import { tortureTest } from './torture-test.ts'

tortureTest('postgres', 6)
