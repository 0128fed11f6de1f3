const BRAND = Symbol.for('@eventspine/cqrs/DomainError')

/**
 * A refusal by the domain's own rules: what `decide` throws when a command must not happen. Nothing was
 * written, and repeating the command changes nothing until the state does.
 *
 * Use {@link domainError}, or extend it for errors with names of their own.
 */
export class DomainError<Code extends string = string, Data = unknown> extends Error {
  override readonly name: string = 'DomainError'
  /** Names the rule, in the language of the domain: `INSUFFICIENT_FUNDS`. */
  readonly code: Code
  /** What a caller needs to explain the refusal. */
  readonly data: Data

  constructor(code: Code, message: string, data: Data, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.data = data
    // Two copies of this package in one process must still recognise each other's errors.
    Object.defineProperty(this, BRAND, { value: true })
  }

  /** Recognises errors of every copy of this package; with `code`, only errors of that code. */
  static is<Code extends string = string>(error: unknown, code?: Code): error is DomainError<Code> {
    if (typeof error !== 'object' || error === null || !(BRAND in error)) return false
    return code === undefined || ('code' in error && error.code === code)
  }
}

/** Makes a {@link DomainError}: `throw domainError('INSUFFICIENT_FUNDS', 'the balance is 5.00', { balance: 500 })`. */
export function domainError<Code extends string>(code: Code, message: string): DomainError<Code, undefined>
export function domainError<Code extends string, Data>(
  code: Code,
  message: string,
  data: Data,
): DomainError<Code, Data>
export function domainError<Code extends string>(
  code: Code,
  message: string,
  data?: unknown,
): DomainError<Code> {
  return new DomainError(code, message, data)
}
