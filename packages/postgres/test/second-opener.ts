/*
 * Another process for tests of PGlite folders: opens the folder it is given, says `open` or the code it was refused with, and
 * stays until it is killed or its input ends.
 */
import { pglite } from '../src/index.ts'

const [folder = '', create] = process.argv.slice(2)

try {
  const backend = await pglite.open(folder, { create: create === 'create' })
  let number = 0
  console.log('open')
  process.stdin.on('data', () => {
    void backend.store
      .append('counter:1', [{ type: 'Counted', data: { number: ++number } }])
      .then(() => console.log('appended'))
  })
  process.stdin.on('end', () => void backend.close())
} catch (error) {
  console.log((error as { code: string }).code)
  process.exitCode = 1
}
