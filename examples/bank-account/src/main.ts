import { open } from '@eventspine/core'
import { adapters } from './adapters.ts'
import { explainFailure } from './explain-failure.ts'
import { describeStore, storeUrl } from './store-url.ts'
import { tellStory } from './story.ts'
import { Transcript } from './transcript.ts'

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // Whoever reads, such as `head`, has read enough.
  if (error.code === 'EPIPE') process.exit()
  throw error
})

process.exitCode = await main()

async function main(): Promise<number> {
  const url = storeUrl(process.env)
  const transcript = new Transcript(process.stdout, process.env)
  transcript.title(`A bank on Eventspine, kept in ${describeStore(url)}`)
  try {
    await using backend = await open(url, adapters, { create: true })
    await tellStory(backend, transcript)
    return 0
  } catch (error) {
    const explanation = explainFailure(error, url)
    // Nothing else should happen: whoever looks into it needs to know where it did.
    console.error(explanation === undefined ? error : `demo: ${explanation}`)
    return 1
  }
}
