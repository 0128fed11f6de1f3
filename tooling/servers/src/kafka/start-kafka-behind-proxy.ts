import { startFaultProxy, type FaultProxy } from '../fault-proxy/fault-proxy.ts'
import { freePort } from '../free-port.ts'
import type { OwnServer } from '../own-server.ts'
import { startKafka } from './start-kafka.ts'

/** A broker and the proxy whose address it tells. */
export interface KafkaBehindProxy extends AsyncDisposable {
  readonly server: OwnServer
  /** Its `url` is what clients, and other processes, connect to. */
  readonly proxy: FaultProxy
  /** Ends both. */
  stop(): Promise<void>
}

/**
 * Starts a fresh Kafka that tells every client the address of a fault proxy, so that a client that takes nothing but a
 * URL cannot go past it. The broker's talk with itself goes by a listener of its own and meets no fault.
 *
 * While the proxy delivers nothing, the broker cannot be restarted: its answers go through it too.
 *
 * @throws {@link ServerStartError} with the reason and the remedy; nothing keeps running.
 */
export async function startKafkaBehindProxy(
  settings: Readonly<Record<string, string>> = {},
): Promise<KafkaBehindProxy> {
  const port = await freePort()
  const internal = `127.0.0.1:${await freePort()}`
  const controller = `127.0.0.1:${await freePort()}`
  const proxy = await startFaultProxy(`kafka://127.0.0.1:${port}`)
  try {
    const server = await startKafka({
      port,
      settings: {
        'controller.quorum.voters': `1@${controller}`,
        listeners: `PLAINTEXT://127.0.0.1:${port},INTERNAL://${internal},CONTROLLER://${controller}`,
        'advertised.listeners': `PLAINTEXT://127.0.0.1:${proxy.port},INTERNAL://${internal}`,
        'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT',
        'inter.broker.listener.name': 'INTERNAL',
        ...settings,
      },
    })
    const stop = async (): Promise<void> => {
      await proxy.close()
      await server.stop()
    }
    return { server, proxy, stop, [Symbol.asyncDispose]: stop }
  } catch (error) {
    await proxy.close()
    throw error
  }
}
