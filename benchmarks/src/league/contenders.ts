import type { Contender, ContenderPlace } from './contender.ts'

/** What a contender is called, and how it is loaded. */
export interface ContenderEntry {
  readonly id: string
  /** With the version that is installed. */
  readonly name: string
  /** The folder of `peers/` that says what to install; `undefined` for our own. */
  readonly peer: string | undefined
  /** What a reader has to know to judge fairly. */
  readonly remark: string | undefined
}

export const OWN = 'eventspine'

/** Ours first. */
export const contenders: readonly ContenderEntry[] = [
  { id: OWN, name: 'Eventspine', peer: undefined, remark: undefined },
  {
    id: 'emmett',
    name: 'Emmett 0.42.0',
    peer: 'emmett',
    remark:
      "the lock of a processor times out after 1 s instead of 300, so that a successor need not wait; an append within the user's transaction is one of a store that was given its `client`",
  },
  {
    id: 'evtstore',
    name: 'evtstore 12.0.1',
    peer: 'evtstore',
    remark: 'its `pg` provider and handlers, as they are by default',
  },
  {
    id: 'dcb-es',
    name: 'dcb-es 7.0.1',
    peer: 'dcb-es',
    remark:
      'a stream is a tag, an expected version the position of the last event read; the Postgres package is installed with an override of its `workspace:` dependency',
  },
  {
    id: 'act',
    name: 'Act 0.5.6, act-pg 0.4.6',
    peer: 'act',
    remark:
      'the newest of act-pg on the registry; its repository holds a much newer one. Leases of 1 s instead of 30. Both ask for Node 22.17',
  },
  {
    id: 'castore',
    name: 'Castore 2.4.2',
    peer: 'castore',
    remark: 'it publishes to a bus after an append and has no feed',
  },
]

/** Loads a contender in this process. */
export async function loadContender({ id, folder }: ContenderPlace): Promise<Contender> {
  if (id === OWN) return (await import('./contenders/eventspine.ts')).eventspine
  if (folder === undefined) throw new RangeError(`${id} is loaded from the folder that it is installed in`)
  switch (id) {
    case 'emmett':
      return (await import('./contenders/emmett.ts')).emmett(folder)
    case 'evtstore':
      return (await import('./contenders/evtstore.ts')).evtstore(folder)
    case 'dcb-es':
      return (await import('./contenders/dcb-es.ts')).dcbEs(folder)
    case 'act':
      return (await import('./contenders/act.ts')).act(folder)
    case 'castore':
      return (await import('./contenders/castore.ts')).castore(folder)
    default:
      throw new RangeError(`no contender is called "${id}"`)
  }
}
