import type { OwnServer } from '@eventspine/servers'

const TRIES = 10

/** Kills a server and starts it again on its port, which somebody may try out while it is free. */
export async function crash(server: OwnServer): Promise<void> {
  await server.kill('SIGKILL')
  for (let attempt = 1; ; attempt++) {
    try {
      return await server.restart()
    } catch (error) {
      if (attempt === TRIES) throw error
      await new Promise((resolve) => setTimeout(resolve, 500))
    }
  }
}
