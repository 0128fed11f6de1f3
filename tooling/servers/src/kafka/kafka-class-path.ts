import { join } from 'node:path'
import { mavenJars } from '../java/maven-jars.ts'

/**
 * The class path of a broker and its tools, fetched once.
 *
 * @throws {@link ServerStartError} its jars cannot be fetched.
 */
export async function kafkaClassPath(): Promise<string> {
  const pom = new URL('pom.xml', import.meta.url)
  return join(await mavenJars({ server: 'kafka', pom, urlVariable: 'EVENTSPINE_TEST_KAFKA' }), '*')
}
