/** A server that was asked for cannot be used; says why, and what a person can do about it. */
export class ServerStartError extends Error {
  override readonly name = 'ServerStartError'
  readonly server: string
  readonly reason: string
  readonly remedy: string

  constructor(server: string, reason: string, remedy: string, options?: ErrorOptions) {
    super(`${server} cannot be used: ${reason}\n  remedy: ${remedy}`, options)
    this.server = server
    this.reason = reason
    this.remedy = remedy
  }
}
