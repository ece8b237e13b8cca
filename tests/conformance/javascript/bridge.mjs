// Answers one JSON request a line: {id, does, with} in; {id, gives} or {id, fails: {name, says}} out.
// Arguments: the devnet's export. The payer's key comes in the first line, {key}.

import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { open } from './chain.mjs'
import * as dataSets from './data_sets.mjs'
import * as payments from './payments.mjs'
import * as pieces from './pieces.mjs'
import * as reads from './reads.mjs'
import * as sessionKeys from './session_keys.mjs'

const actions = { ...pieces, ...dataSets, ...payments, ...reads, ...sessionKeys }
const MAX_WORDS = 1000

function plain(value) {
  return JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? inner.toString() : inner))
}

function words(error) {
  const inner = [...(error.errors ?? []), error.cause].filter(Boolean)
  return [error.message, error.details, ...inner.map((one) => one.message)]
    .filter(Boolean)
    .join(' | ')
    .slice(0, MAX_WORDS)
}

async function answer(world, { id, does, with: options }) {
  try {
    if (!(does in actions)) throw new Error(`no such action: ${does}`)
    return { id, gives: (await actions[does](world, options ?? {})) ?? null }
  } catch (error) {
    return { id, fails: { name: error.name, says: words(error) } }
  }
}

const info = JSON.parse(readFileSync(process.argv[2], 'utf8'))
let world
for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line)
  if (world === undefined) {
    world = open(info, request.key)
    continue
  }
  process.stdout.write(`${plain(await answer(world, request))}\n`)
}
