import { systemProgram } from '../system-program.ts'

/** The path of Java, installed where that may be done. */
export async function javaProgram(server: string): Promise<string> {
  return await systemProgram({
    server,
    name: 'java',
    debianPackage: 'openjdk-17-jre-headless',
    product: 'Java 17',
  })
}

/** The path of Java's compiler, installed where that may be done. */
export async function javaCompiler(server: string): Promise<string> {
  return await systemProgram({
    server,
    name: 'javac',
    debianPackage: 'openjdk-17-jdk-headless',
    product: 'a Java 17 development kit',
  })
}

/**
 * For programs that live for seconds or minutes: they start with half of the work, as only the quicker of the two
 * compilers runs. What lives long, and is measured, is better off without.
 */
export const shortLived = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1']
