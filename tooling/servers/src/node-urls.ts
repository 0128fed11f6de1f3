/** The `host:port` of each node that a URL such as `kafka://h:1,h:2` names. */
export function nodeAddresses(url: string): readonly string[] {
  const authority = /^[a-z-]+:\/\/(?:[^@/]*@)?([^/?#]+)/.exec(url)?.[1]
  if (authority === undefined) throw new TypeError('the URL of a server names at least one host and port')
  return authority.split(',')
}

/** A URL for each node that a URL of several names, all else alike. */
export function nodeUrls(url: string, protocol: string): readonly string[] {
  const credentials = /^[a-z-]+:\/\/([^@/]*@)?/.exec(url)?.[1] ?? ''
  return nodeAddresses(url).map((address) => `${protocol}//${credentials}${address}`)
}
