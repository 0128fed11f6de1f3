import type { Socket } from 'node:net'
import type { DriverHooks } from '@eventspine/conformance'

/** Has a socket tell of all that goes through it. */
export function hookSocket(socket: Socket, hooks: DriverHooks): Socket {
  const write = socket.write.bind(socket) as (...parameters: unknown[]) => boolean
  // Every overload of the original is passed on as it came.
  socket.write = (...parameters: unknown[]): boolean => {
    hooks.beforeSend()
    const result = write(...parameters)
    hooks.sent()
    return result
  }
  socket.prependListener('data', () => hooks.replied())
  return socket
}
