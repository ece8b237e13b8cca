"""Providers and a chain that forget: what a worker's memory grows by is then the worker's own."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from activities.ports import OpenSource
from tests.fakes.filecoin import MemoryFilecoin
from vibesflow.filecoin import (
    CommitRequest,
    Committed,
    PieceCid,
    PieceHasher,
    ProviderInfo,
    Submitted,
)

_REMEMBERED = 50


class FlatFilecoin(MemoryFilecoin):
    """Hashes what it is given and keeps nothing but the last commits' nonces."""

    def __init__(self) -> None:
        super().__init__()
        self._nonces: deque[int] = deque(maxlen=_REMEMBERED)

    async def store(
        self,
        provider: ProviderInfo,
        open_source: OpenSource,
        *,
        on_progress: Callable[[int], None] | None = None,
    ) -> PieceCid:
        del provider, on_progress
        hasher = PieceHasher()
        async for block in open_source():
            hasher.update(block)
        return hasher.piece_cid()

    async def is_ready(self, provider: ProviderInfo, piece_cid: str) -> bool:
        del provider, piece_cid
        return False

    async def submit(self, request: CommitRequest) -> Submitted:
        self._nonces.append(request.nonce)
        return Submitted(tx_hash=f"0x{request.nonce:064x}", data_set_id=1)

    async def look(self, request: CommitRequest) -> Committed | None:
        if request.nonce not in self._nonces:
            return None
        ids = tuple(hash(piece.piece_cid) % 2**40 for piece in request.pieces)
        return Committed(data_set_id=1, piece_ids=ids, tx_hash=f"0x{request.nonce:064x}")
