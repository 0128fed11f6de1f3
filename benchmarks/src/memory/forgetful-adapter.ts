import {
  type Backend,
  type BackendAdapter,
  type Capabilities,
  type Commit,
  type CommitOutcome,
  createBackend,
  createManifest,
  type EventStoreAdapter,
} from '@eventspine/core'
import type { StoredStream } from '../workload/owned-streams.ts'

/**
 * An adapter that keeps the version of each stream and throws its events away. Storing them costs several times
 * what the wrapper does, most of it in the garbage collector, and swings with it.
 */
export class ForgetfulAdapter {
  readonly #versions = new Map<string, number>()
  #sequence = 0

  /** As of an {@link EventStoreAdapter}, for commits of one stream at an exact version. */
  async doAppend(commits: readonly Commit[]): Promise<readonly CommitOutcome[]> {
    return commits.map((commit) => this.#append(commit))
  }

  /** The adapter behind core's wrapper, with the memory adapter's manifest. */
  backend(capabilities: Capabilities): Backend {
    const refuse = (): never => {
      throw new Error('this adapter only appends')
    }
    const store: EventStoreAdapter = {
      doAppend: (commits) => this.doAppend(commits),
      doRead: refuse,
      doHead: refuse,
      doReadFeed: refuse,
      doFeedHead: refuse,
      doWaitForFeed: refuse,
      doRemove: refuse,
      doImport: refuse,
      doSeal: refuse,
    }
    const adapter: BackendAdapter = {
      name: 'forgetful',
      capabilities,
      manifest: createManifest(1),
      store,
      doClose: async () => undefined,
    }
    return createBackend(adapter)
  }

  /** What it would hold. */
  stored(): readonly StoredStream[] {
    return Array.from(this.#versions, ([id, version]) => ({ id, events: version, lastVersion: version }))
  }

  #append({ appends }: Commit): CommitOutcome {
    const streams = appends.map(({ streamId, expectedVersion, events }) => {
      const current = this.#versions.get(streamId) ?? 0
      if (current !== expectedVersion)
        throw new Error(`${streamId} is at ${current}, not at ${expectedVersion}`)
      const version = current + events.length
      this.#versions.set(streamId, version)
      this.#sequence += events.length
      return { version, sequence: this.#sequence }
    })
    return { ok: true, streams, revisions: [] }
  }
}
