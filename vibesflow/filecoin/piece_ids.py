"""Finding pieces inside a data set by their CIDs."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from vibesflow.filecoin.chain import Chain

RECENT_PIECES: Final = 1_000
"""How far back a piece is recognised before it is added again.

The same piece comes twice when a commit was given up and lands later, so the newest pieces
matter. An older one that is added again costs a fraction of a cent; a search through all pieces
of a large set costs more gas than nodes allow for a read.
"""

_PIECES_A_CALL: Final = 250


class PieceIds:
    """Looks pieces up in data sets, newest first."""

    def __init__(self, chain: Chain) -> None:
        self._chain = chain

    async def recent(self, data_set_id: int, cids: Collection[bytes]) -> dict[bytes, int]:
        """Return the ids of those CIDs that are among the newest pieces of the set."""
        end = await self._chain.next_piece_id(data_set_id)
        return await self._among(data_set_id, cids, max(0, end - RECENT_PIECES), end)

    async def added(
        self, data_set_id: int, cids: Collection[bytes], *, next_piece_id: int
    ) -> dict[bytes, int]:
        """Return the ids of the CIDs after a commit whose nonce ends at ``next_piece_id``.

        The commit added at most that many pieces, so they lie just before that id; what is not
        there was in the set before, and is searched for.
        """
        start = max(0, next_piece_id - len(cids))
        found = await self._among(data_set_id, cids, start, next_piece_id)
        if missing := [cid for cid in cids if cid not in found]:
            found |= await self.recent(data_set_id, missing)
        for cid in cids:
            if cid not in found:
                piece_id = await self._chain.find_piece(data_set_id, cid)
                found |= {} if piece_id is None else {cid: piece_id}
        return found

    async def _among(
        self, data_set_id: int, cids: Collection[bytes], start: int, end: int
    ) -> dict[bytes, int]:
        wanted = set(cids)
        found: dict[bytes, int] = {}
        while start < end:
            limit = min(_PIECES_A_CALL, end - start)
            page = await self._chain.pieces_from(data_set_id, start, limit)
            if not page:
                break
            found |= {cid: piece_id for piece_id, cid in page if cid in wanted}
            start = page[-1][0] + 1
        return found
