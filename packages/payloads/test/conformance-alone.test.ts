import { registerCases, storeCases, streamCases } from '@eventspine/conformance'
import { describe, it } from 'vitest'
import { openMemoryAlone } from './memory-pair.ts'
import { openReference } from './reference.ts'

// Where payloads are in documents of the target itself, its transactions are over both.
const touched = /^(busy|transactions|commit-documents|repeat|removal|consume\/effects|consume\/shared)/
const cases = [...storeCases, ...streamCases].filter(({ id }) => touched.test(id))
const kit = {
  describe,
  it,
  name: 'memory with payloads in its own documents',
  open: openMemoryAlone,
  reference: openReference,
}

registerCases(kit, 'EventStore and EventStream', cases)
