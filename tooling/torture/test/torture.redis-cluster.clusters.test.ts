import { tortureTest } from './torture-test.ts'

tortureTest('redis-cluster', ['server', 'sent', 'server', 'random', 'server', 'paused'])
