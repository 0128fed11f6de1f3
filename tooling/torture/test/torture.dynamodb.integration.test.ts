import { tortureTest } from './torture-test.ts'

tortureTest('dynamodb', ['sent', 'replied', 'server', 'paused'])
