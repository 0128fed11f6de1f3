import { systemProgram } from '../system-program.ts'

/** The path of a program of Redis, installed where that may be done. */
export async function redisProgram(name: 'redis-server' | 'redis-cli'): Promise<string> {
  return await systemProgram({
    server: 'redis',
    name,
    debianPackage: 'redis-server',
    product: 'Redis 7',
  })
}
