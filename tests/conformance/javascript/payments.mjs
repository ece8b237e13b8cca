// The payer's money.

import * as Pay from '@filoz/synapse-core/pay'
import * as WarmStorage from '@filoz/synapse-core/warm-storage'

export async function fund({ client }, { amount }) {
  const { receipt } = await Pay.fundSync(client, { amount: BigInt(amount) })
  return receipt.status
}

export function account({ client, account }, { address }) {
  return Pay.getAccountSummary(client, { address: address ?? account.address })
}

export function isApproved({ client, account }) {
  return Pay.isFwssMaxApproved(client, { clientAddress: account.address })
}

export function servicePrice({ client }) {
  return WarmStorage.getServicePrice(client)
}

export function uploadCosts({ client, account }, { size }) {
  const options = { clientAddress: account.address, dataSize: BigInt(size) }
  return WarmStorage.getUploadCosts(client, options)
}
