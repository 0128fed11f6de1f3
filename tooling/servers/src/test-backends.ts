const known = ['memory', 'pglite', 'postgres'] as const

/** A backend that tests can be asked to run on. */
export type TestBackend = (typeof known)[number]

/** Those of them that need a server of their own. */
export const testServers: readonly TestBackend[] = ['postgres']

/**
 * The backends that the tests of this run were asked for: `EVENTSPINE_TEST_BACKENDS`, names separated by commas,
 * or all of them. One that was asked for and is not there is an error, never a skip.
 *
 * @throws RangeError when it names none, or one that does not exist.
 */
export function testBackends(): readonly TestBackend[] {
  return parseTestBackends(process.env['EVENTSPINE_TEST_BACKENDS'])
}

/** As {@link testBackends}, of a value of that variable. */
export function parseTestBackends(names: string | undefined): readonly TestBackend[] {
  if (names === undefined) return known
  const asked = names.split(',').map((name) => name.trim())
  return asked.map((name) => {
    const backend = known.find((candidate) => candidate === name)
    if (backend !== undefined) return backend
    throw new RangeError(`"${name}" is no backend that tests run on; known: ${known.join(', ')}`)
  })
}
