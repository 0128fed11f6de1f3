import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { javaProgram, shortLived } from '../java/java-program.ts'
import { kafkaClassPath } from './kafka-class-path.ts'

/**
 * Runs one of Kafka's own command-line tools to its end, such as `org.apache.kafka.tools.consumer.ConsoleConsumer`: a
 * reader that shares no code with this project.
 *
 * @returns what it printed on its standard output.
 * @throws Error with what it printed when it does not end with exit code 0.
 */
export async function runKafkaTool(mainClass: string, words: readonly string[]): Promise<string> {
  const options = ['-Xmx128m', ...shortLived, '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn']
  const all = [...options, '-cp', await kafkaClassPath(), mainClass, ...words]
  const { stdout } = await promisify(execFile)(await javaProgram('kafka'), all, {
    maxBuffer: 256 * 1024 * 1024,
  })
  return stdout
}
