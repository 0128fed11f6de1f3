import type { DynamoDB } from '@aws-sdk/client-dynamodb'

/**
 * A client of the service or emulator that a URL names: `dynamodb://id:secret@host:port?region=…&ssl=false`, or
 * `dynamodb:///?region=…` for the service itself, with the credentials of the environment. It repeats nothing.
 * The vendor's package takes long to load, so it is loaded only by who asks.
 */
export async function dynamodbClient(url: string, deadlineMs: number): Promise<DynamoDB> {
  const { DynamoDB } = await import('@aws-sdk/client-dynamodb')
  const { host, username, password, searchParams } = new URL(url)
  const scheme = searchParams.get('ssl') === 'false' ? 'http' : 'https'
  const region = searchParams.get('region')
  return new DynamoDB({
    maxAttempts: 1,
    requestHandler: {
      connectionTimeout: deadlineMs,
      requestTimeout: deadlineMs,
      throwOnRequestTimeout: true,
    },
    ...(region === null ? {} : { region }),
    ...(host === '' ? {} : { endpoint: `${scheme}://${host}` }),
    ...(username === ''
      ? {}
      : {
          credentials: {
            accessKeyId: decodeURIComponent(username),
            secretAccessKey: decodeURIComponent(password),
          },
        }),
  })
}
