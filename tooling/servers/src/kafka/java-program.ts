import { systemProgram } from '../system-program.ts'

/** The path of Java, installed where that may be done. */
export async function javaProgram(): Promise<string> {
  return await systemProgram({
    server: 'kafka',
    name: 'java',
    debianPackage: 'openjdk-17-jre-headless',
    product: 'Java 17',
  })
}
