import { tortureTest } from './torture-test.ts'

tortureTest('dynamodb')
