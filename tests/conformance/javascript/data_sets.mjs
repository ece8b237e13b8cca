// Data sets: created, added to, reduced, ended; every message signed by the JavaScript client.

import * as PDP from '@filoz/synapse-core/pdp-verifier'
import * as SP from '@filoz/synapse-core/sp'
import * as TypedData from '@filoz/synapse-core/typed-data'
import * as WarmStorage from '@filoz/synapse-core/warm-storage'
import { POLL_MS } from './chain.mjs'
import { parsed } from './pieces.mjs'

export const asPieces = (cids, metadata) => cids.map((cid) => ({ pieceCid: parsed(cid), metadata }))

export async function create(world, options) {
  const { url, payee, clientDataSetId, cids, metadata, pieceMetadata, cdn } = options
  const { statusUrl } = await SP.createDataSetAndAddPieces(world.client, {
    serviceURL: url,
    payee,
    clientDataSetId: BigInt(clientDataSetId),
    metadata,
    cdn,
    pieces: asPieces(cids, pieceMetadata),
  })
  return await created(statusUrl)
}

async function created(statusUrl) {
  const set = await SP.waitForCreateDataSet({ statusUrl, pollInterval: POLL_MS })
  const place = `/pdp/data-sets/${set.dataSetId}/pieces/added/${set.createMessageHash}`
  const added = await SP.waitForAddPieces({
    statusUrl: new URL(place, statusUrl).toString(),
    pollInterval: POLL_MS,
  })
  return { dataSetId: Number(set.dataSetId), pieceIds: added.confirmedPieceIds.map(Number) }
}

export async function createEmpty(world, { url, payee, metadata }) {
  const options = { serviceURL: url, payee, metadata, cdn: false }
  const { statusUrl } = await SP.createDataSet(world.client, options)
  const set = await SP.waitForCreateDataSet({ statusUrl, pollInterval: POLL_MS })
  return Number(set.dataSetId)
}

export async function add(world, options) {
  const { client = world.client, url, dataSetId, clientDataSetId, cids, metadata } = options
  const { statusUrl } = await SP.addPieces(client, {
    serviceURL: url,
    dataSetId: BigInt(dataSetId),
    clientDataSetId: BigInt(clientDataSetId),
    pieces: asPieces(cids, metadata),
  })
  const done = await SP.waitForAddPieces({
    statusUrl,
    pollInterval: POLL_MS,
    timeout: options.timeoutMs,
  })
  return done.confirmedPieceIds.map(Number)
}

export async function remove(world, { url, dataSetId, clientDataSetId, pieceId }) {
  const { hash } = await SP.schedulePieceDeletion(world.client, {
    serviceURL: url,
    dataSetId: BigInt(dataSetId),
    clientDataSetId: BigInt(clientDataSetId),
    pieceId: BigInt(pieceId),
  })
  return hash
}

export async function terminate(world, { dataSetId }) {
  const done = await WarmStorage.terminateServiceSync(world.client, { dataSetId: BigInt(dataSetId) })
  return done.receipt.status
}

// the permission that a provider would send; the client has no call for the route itself
export function signTermination(world, { dataSetId }) {
  return TypedData.signDeleteDataSet(world.client, { dataSetId: BigInt(dataSetId) })
}

export async function activePieces(world, { dataSetId }) {
  const { pieces } = await PDP.getActivePieces(world.client, { dataSetId: BigInt(dataSetId) })
  return Object.fromEntries(pieces.map(({ cid, id }) => [cid.toString(), Number(id)]))
}

export function pieceMetadata(world, { dataSetId, pieceId }) {
  const at = { dataSetId: BigInt(dataSetId), pieceId: BigInt(pieceId) }
  return WarmStorage.getAllPieceMetadata(world.client, at)
}

export async function tellsProvider(_world, { url, dataSetId }) {
  const told = await SP.getDataSet({ serviceURL: url, dataSetId: BigInt(dataSetId) })
  return told.pieces.map(({ pieceCid }) => pieceCid.toString())
}
