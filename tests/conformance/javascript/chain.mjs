// The client of a payer on the devnet, with all addresses from its export.

import { toChain } from '@filoz/synapse-core/devnet'
import { createClient, http } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'

export const POLL_MS = 200

export function open(info, key) {
  const chain = toChain(info)
  const account = privateKeyToAccount(key)
  const client = createClient({ chain, transport: http(), account, pollingInterval: POLL_MS })
  return { info, chain, account, client }
}
