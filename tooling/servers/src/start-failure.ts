import { ServerStartError } from './server-start-error.ts'

/** The error of a program that was started and did not answer, with the end of what it wrote. */
export function startFailure(server: string, log: string, logPath: string): ServerStartError {
  const lastLines = log.split('\n').slice(-6).join('\n    ')
  return new ServerStartError(
    server,
    lastLines === '' ? 'the program did not start' : lastLines,
    `the whole log is ${logPath}; npm run servers -- down ${server} --remove-data starts afresh`,
  )
}
