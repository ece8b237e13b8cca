// What the client reads of the devnet.

import { validateDevnetInfo } from '@filoz/synapse-core/devnet'
import { getEndorsedProviderIds } from '@filoz/synapse-core/endorsements'
import { getPDPProviders } from '@filoz/synapse-core/sp-registry'
import * as WarmStorage from '@filoz/synapse-core/warm-storage'

export async function providers({ client }) {
  const found = await getPDPProviders(client, {})
  const [approved, endorsed] = await Promise.all([
    WarmStorage.getApprovedProviderIds(client, {}),
    getEndorsedProviderIds(client),
  ])
  return found.providers.map((provider) => ({
    id: Number(provider.id),
    address: provider.serviceProvider,
    payee: provider.payee,
    name: provider.name,
    url: provider.pdp.serviceURL,
    location: provider.pdp.location,
    approved: approved.includes(provider.id),
    endorsed: [...endorsed].includes(provider.id),
  }))
}

export function addresses({ client }) {
  return WarmStorage.readAddresses(client)
}

export async function validateExport({ info }) {
  validateDevnetInfo(info)
}

export function dataSet({ client }, { dataSetId }) {
  return WarmStorage.getDataSet(client, { dataSetId: BigInt(dataSetId) })
}

export function clientDataSets({ client, account }) {
  return WarmStorage.getClientDataSets(client, { address: account.address })
}

export function dataSetsWithDetails({ client, account }) {
  return WarmStorage.getPdpDataSets(client, { address: account.address })
}

export async function selection({ client, account }) {
  const input = await WarmStorage.fetchProviderSelectionInput(client, { address: account.address })
  return input.providers.length
}

export function storedBytes({ client, account }) {
  return WarmStorage.getAccountTotalStorageSize(client, { address: account.address })
}
