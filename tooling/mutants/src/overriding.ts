/** `target` with some members replaced. Its own methods still see the original. */
export function overriding<Target extends object>(target: Target, overrides: Partial<Target>): Target {
  return new Proxy(target, {
    get: (original, property) => {
      const source = property in overrides ? overrides : original
      const member: unknown = Reflect.get(source, property, source)
      return typeof member === 'function' ? (member.bind(source) as unknown) : member
    },
  })
}
