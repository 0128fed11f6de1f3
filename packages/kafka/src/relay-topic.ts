/** The compacted topic in which relays into `topic` keep their positions. */
export function relayTopicOf(topic: string): string {
  return `${topic}.relays`
}
