import { ownKeyPrefix, serverUrl } from '@eventspine/servers'
import { testProcesses } from './on-servers.ts'

testProcesses('Couchbase (emulator)', async () => {
  const { url } = ownKeyPrefix(await serverUrl('couchbase'))
  // Nothing removes keys there: the emulator is gone with the run.
  return { url, [Symbol.asyncDispose]: async () => undefined }
})
