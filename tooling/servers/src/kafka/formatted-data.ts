import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { cp, mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { withExclusiveLock } from '../exclusive-lock.ts'
import { ServerStartError } from '../server-start-error.ts'
import { shortLived } from '../java/java-program.ts'

/** Any will do: what starts here never meets another cluster. */
const clusterId = 'AAAAAAAAAAAAAAAAAAAAAQ'
const formatDeadlineMs = 120_000

/** What formatting is done with. */
export interface Formatting {
  readonly java: string
  readonly classPath: string
  readonly nodeId: number
}

/**
 * Makes the data folder of a node that has none. Kafka's own tool formats one for each node number, once; the others
 * are copies, as the tool takes a third of the time of a start. Only what names the cluster, the node and the version
 * is in them.
 */
export async function ensureFormatted(dataDirectory: string, formatting: Formatting): Promise<void> {
  if (existsSync(dataDirectory)) return
  const { classPath, nodeId } = formatting
  const template = `${dirname(classPath)}-node-${nodeId}`
  if (!existsSync(template)) {
    await withExclusiveLock(`${template}.lock`, formatDeadlineMs, async () => {
      if (!existsSync(template)) await format(template, formatting)
    })
  }
  const draft = `${dataDirectory}.${randomUUID()}`
  await cp(template, draft, { recursive: true })
  await rename(draft, dataDirectory)
}

async function format(template: string, { java, classPath, nodeId }: Formatting): Promise<void> {
  const draft = `${template}.${randomUUID()}`
  const data = join(draft, 'data')
  const properties = join(draft, 'server.properties')
  try {
    await mkdir(data, { recursive: true })
    await writeFile(properties, minimalProperties(nodeId, data))
    const tool = ['kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', properties]
    await promisify(execFile)(java, ['-Xmx128m', ...shortLived, '-cp', classPath, ...tool])
    await rename(data, template)
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause)
    throw new ServerStartError(
      'kafka',
      `its data could not be formatted: ${text.slice(0, 600)}`,
      'see that java is of version 17 or later',
      { cause },
    )
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
}

/** As much as the tool asks for; where the node will listen is none of it. */
function minimalProperties(nodeId: number, data: string): string {
  return [
    'process.roles=broker,controller',
    `node.id=${nodeId}`,
    `controller.quorum.voters=${nodeId}@127.0.0.1:1`,
    'controller.listener.names=CONTROLLER',
    'listeners=PLAINTEXT://127.0.0.1:2,CONTROLLER://127.0.0.1:1',
    'listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    `log.dirs=${data}`,
    '',
  ].join('\n')
}
