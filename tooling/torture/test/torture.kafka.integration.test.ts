import { tortureTest } from './torture-test.ts'

tortureTest('kafka', ['sent', 'server', 'paused'])
