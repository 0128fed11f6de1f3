import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

/**
 * Below the ports that systems give to outgoing connections, from 32768 on Linux and 49152 elsewhere: such a one could
 * be taken by any connection while its server is down for a restart.
 * https://docs.kernel.org/networking/ip-sysctl.html#ip-variables
 */
const lowest = 15_000
const end = 32_768
const attempts = 200

/** A TCP port on 127.0.0.1 that nothing listened on a moment ago. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const port = randomInt(lowest, end)
    if (await isFree(port)) return port
  }
  throw new Error(`none of ${attempts} ports tried between ${lowest} and ${end} is free`)
}

/** Whether nothing listens on this TCP port of 127.0.0.1. */
export async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  const listening = await new Promise<boolean>((resolve, reject) => {
    server.once('error', (error) => {
      if ('code' in error && (error.code === 'EADDRINUSE' || error.code === 'EACCES')) resolve(false)
      else reject(error)
    })
    server.listen(port, '127.0.0.1', () => resolve(true))
  })
  if (listening) await new Promise((resolve) => server.close(resolve))
  return listening
}
