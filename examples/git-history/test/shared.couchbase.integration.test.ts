import { ownKeyPrefix, serverUrl } from '@eventspine/servers'
import { testSharedStore } from './shared-store.ts'

testSharedStore('Couchbase (emulator)', async () => {
  const { url } = ownKeyPrefix(await serverUrl('couchbase'))
  // Nothing removes keys there: the emulator is gone with the run.
  return { url, [Symbol.asyncDispose]: async () => undefined }
})
