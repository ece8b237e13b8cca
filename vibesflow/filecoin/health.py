"""How data sets and the pieces in them stand on chain: what an audit asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vibesflow.filecoin.chain import Chain
from vibesflow.filecoin.chain_views import DataSetHealth
from vibesflow.filecoin.piece_cid import PieceCid

_PIECES_A_CALL = 100


class Health:
    """Asks the chain about data sets and pieces; every method may raise `ChainDown`.

    Args:
        chain: where they are read.
    """

    def __init__(self, chain: Chain) -> None:
        self._chain = chain

    async def data_sets(self, data_set_ids: Sequence[int]) -> dict[int, DataSetHealth]:
        """Read how each data set stands; one that never was is not live."""
        found = await self._chain.data_set_health(data_set_ids)
        return dict(zip(data_set_ids, found, strict=True))

    async def held(self, data_set_id: int, pieces: Mapping[int, str]) -> frozenset[int]:
        """Return the ids under which a live data set holds just these pieces, and will go on to.

        Args:
            data_set_id: the set.
            pieces: PieceCID by id.
        """
        scheduled = await self._chain.scheduled_removals(data_set_id)
        ids = [piece_id for piece_id in pieces if piece_id not in scheduled]
        found: set[int] = set()
        for start in range(0, len(ids), _PIECES_A_CALL):
            page = ids[start : start + _PIECES_A_CALL]
            cids = await self._chain.piece_cids(data_set_id, page)
            wanted = [PieceCid.parse(pieces[piece_id]).to_bytes() for piece_id in page]
            found.update(i for i, cid, want in zip(page, cids, wanted, strict=True) if cid == want)
        return frozenset(found)

    async def find(self, data_set_id: int, piece_cid: str) -> int | None:
        """Return an id under which a live data set holds a piece; costly in large sets."""
        return await self._chain.find_piece(data_set_id, PieceCid.parse(piece_cid).to_bytes())
