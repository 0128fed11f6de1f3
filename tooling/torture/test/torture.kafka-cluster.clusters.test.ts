import { tortureTest } from './torture-test.ts'

tortureTest('kafka-cluster', ['server', 'sent', 'server', 'paused'])
