// Pieces: naming, storing, finding, fetching.

import { readFileSync, writeFileSync } from 'node:fs'
import * as Piece from '@filoz/synapse-core/piece'
import * as SP from '@filoz/synapse-core/sp'
import { getPDPProviders } from '@filoz/synapse-core/sp-registry'
import { POLL_MS } from './chain.mjs'

export const parsed = (text) => Piece.parse(text)

export function pieceCid(_world, { path }) {
  return Piece.calculate(readFileSync(path)).toString()
}

export function pieceSize(_world, { cid }) {
  return Piece.getSizeFromPieceCID(cid)
}

export async function upload(_world, { url, path }) {
  const stored = await SP.uploadPieceStreaming({ serviceURL: url, data: readFileSync(path) })
  return { cid: stored.pieceCid.toString(), size: stored.size }
}

// the older flow, which names the piece first
export async function uploadDeclared(_world, { url, path }) {
  const data = readFileSync(path)
  const pieceCid = Piece.calculate(data)
  await SP.uploadPiece({ serviceURL: url, data, pieceCid })
  return { cid: pieceCid.toString(), size: data.length }
}

export async function find(_world, { url, cid }) {
  const found = await SP.findPiece({
    serviceURL: url,
    pieceCid: parsed(cid),
    retry: true,
    pollInterval: POLL_MS,
  })
  return found.toString()
}

export async function download(_world, { url, cid, path }) {
  const bytes = await Piece.downloadAndValidate({ url, expectedPieceCid: cid })
  writeFileSync(path, bytes)
  return bytes.length
}

// asks every registered provider
export async function whoHolds({ client }, { cid }) {
  const { providers } = await getPDPProviders(client, {})
  const found = await Piece.findPieceOnProviders(providers, parsed(cid))
  return found && Number(found.id)
}

// asks the providers of the payer's data sets
export function resolve({ client, account }, { cid, payer }) {
  const address = payer ?? account.address
  return Piece.resolvePieceUrl({ client, address, pieceCid: parsed(cid) })
}

export async function pull(world, { url, payee, clientDataSetId, nonce, sources }) {
  const pieces = Object.entries(sources).map(([cid, sourceUrl]) => ({
    pieceCid: parsed(cid),
    sourceUrl,
  }))
  return await SP.waitForPullPieces(world.client, {
    serviceURL: url,
    payee,
    clientDataSetId: BigInt(clientDataSetId),
    nonce: BigInt(nonce),
    pieces,
    pollInterval: POLL_MS,
  })
}
