import type { Capabilities } from '@eventspine/core'

/**
 * Who owns a partition is decided by core's own leases in checkpoint documents. Otherwise the backend's groups
 * decide, and keep what no case can look into.
 */
export function ownedByLeases(capabilities: Capabilities): boolean {
  return capabilities.stream !== 'none' && (!('groups' in capabilities) || capabilities.groups === 'leases')
}
