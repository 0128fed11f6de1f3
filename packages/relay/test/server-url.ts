/** Of the server that the run has started, or was given. */
export function serverUrl(server: 'REDIS' | 'KAFKA'): string {
  const variable = `EVENTSPINE_TEST_${server}`
  const url = process.env[variable]
  if (url === undefined) throw new Error(`${variable} is not set: run through vitest of the workspace`)
  return url
}
