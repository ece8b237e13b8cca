// Keys that sign for the payer for a while.

import * as SessionKey from '@filoz/synapse-core/session-key'
import * as data_sets from './data_sets.mjs'

export async function login({ client }, { address, expiresAt }) {
  const { receipt } = await SessionKey.loginSync(client, { address, expiresAt: BigInt(expiresAt) })
  return receipt.status
}

export async function revoke({ client }, { address }) {
  return (await SessionKey.revokeSync(client, { address })).receipt.status
}

// until when the key may sign, by permission
export function expirations({ client, account }, { address, payer }) {
  return SessionKey.getExpirations(client, {
    address: payer ?? account.address,
    sessionKeyAddress: address,
  })
}

export function permissions() {
  return {
    createDataSet: SessionKey.CreateDataSetPermission,
    addPieces: SessionKey.AddPiecesPermission,
    schedulePieceRemovals: SessionKey.SchedulePieceRemovalsPermission,
    deleteDataSet: SessionKey.DeleteDataSetPermission,
  }
}

export function addWithSessionKey(world, { key, ...options }) {
  const root = world.account.address
  const { client } = SessionKey.fromSecp256k1({ privateKey: key, root, chain: world.chain })
  return data_sets.add(world, { ...options, client })
}
