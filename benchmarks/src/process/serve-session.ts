import type { Session } from '../harness/compare.ts'
import type { SessionReply, SessionRequest } from './session-messages.ts'

/**
 * Lets the parent process use a session of this one.
 *
 * @param open - Makes it of the argument that the parent gives.
 */
export function serveSession(open: (argument: never) => Promise<Session>): void {
  let session: Session | undefined
  const answer = async (request: SessionRequest): Promise<SessionReply> => {
    if (request.call === 'open') {
      // Sound as far as the parent sends what this script takes: it names both in one place.
      session = await open(request.argument as never)
      return { ok: true, slice: undefined }
    }
    if (session === undefined) {
      if (request.call === 'close') return { ok: true, slice: undefined }
      throw new Error('the session is not open')
    }
    if (request.call === 'measure') return { ok: true, slice: await session.measure(request.plan) }
    if (request.call === 'check') await session.check(request.acknowledgedEvents)
    else await session.close()
    return { ok: true, slice: undefined }
  }
  process.on('message', (request: SessionRequest) => {
    void answer(request)
      .catch((error: unknown): SessionReply => ({ ok: false, error: explain(error) }))
      .then((reply) => process.send?.(reply))
  })
  // Without its parent nobody wants to know.
  process.on('disconnect', () => process.exit())
}

function explain(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
