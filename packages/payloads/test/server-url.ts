/** The URL of a server that the run has started, or was given. */
export function serverUrl(name: 'postgres' | 'redis' | 'couchbase' | 'dynamodb' | 'kafka'): string {
  const variable = `EVENTSPINE_TEST_${name.toUpperCase()}`
  const url = process.env[variable]
  if (url === undefined) throw new Error(`${variable} is not set: run through vitest of the workspace`)
  return url
}
