"""What the chain itself holds, whatever provider and client say."""

from __future__ import annotations

import asyncio

from devnet.chain.contracts import addresses
from devnet.chain.transactions import Chain
from vibesflow.filecoin import PieceCid

_PAGE = 100


async def times_in_data_set(rpc_url: str, data_set_id: int, cid: str) -> int:
    """How often a data set holds a piece."""
    held = await asyncio.to_thread(_pieces, rpc_url, data_set_id)
    return held.count(PieceCid.parse(cid).to_bytes())


def _pieces(rpc_url: str, data_set_id: int) -> list[bytes]:
    chain = Chain(rpc_url)
    verifier = chain.contract("PDPVerifier", addresses().pdp_verifier)
    found: list[bytes] = []
    has_more = True
    while has_more:
        function = verifier.functions.getActivePieces(data_set_id, len(found), _PAGE)
        pieces, _, has_more = chain.read(function)
        found += [bytes(piece[0]) for piece in pieces]
    return found
