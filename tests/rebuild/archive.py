"""An archive in memory: what a payer holds, with providers that can be told to lose things."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Sequence

from tests.rebuild.making import PROVIDERS
from vibesflow.filecoin.holdings import HeldDataSet, HeldPiece, HoldingProvider, Holdings
from vibesflow.stream.chunk import ChunkRef
from vibesflow.stream.document import compile_document
from vibesflow.stream.piece_metadata import Pairs, chunk_metadata, document_metadata
from vibesflow.stream.records import ChunkRow, StreamRecord

PAGE = 3


class MemoryArchive:
    """Implements `vibesflow.rebuild.ports.Archive`.

    Attributes:
        unread: PieceCIDs that no provider gives back.
        reads: PieceCIDs whose bytes were read.
    """

    def __init__(self) -> None:
        self.pieces_of: dict[int, list[HeldPiece]] = {11: [], 12: []}
        self.bytes_of: dict[str, bytes] = {}
        self.unread: set[str] = set()
        self.reads: list[str] = []

    def put(self, data: bytes, pairs: Pairs) -> str:
        """Keep a piece at both providers."""
        cid = "cid-" + hashlib.sha256(data).hexdigest()[:20]
        for pieces in self.pieces_of.values():
            pieces.append(HeldPiece(cid, len(data), len(pieces), dict(pairs)))
        self.bytes_of[cid] = data
        return cid

    def record(self, chunk: ChunkRef, data: bytes) -> str:
        """Keep a chunk."""
        pairs = chunk_metadata(
            chunk, duration_ms=chunk.duration_ms, provider_id=1, opened_at_ms=chunk.started_at_ms
        )
        return self.put(data, pairs)

    def publish(
        self, record: StreamRecord, rows: Sequence[ChunkRow], *, version: int, at: str
    ) -> str:
        """Keep a document."""
        data = compile_document(record, rows, version=version, compiled_at=at)
        return self.put(data, document_metadata(record.rta_id, version, provider_id=2))

    async def holdings(self) -> Holdings:
        ours = tuple(
            HeldDataSet(number, number - 10, (), len(pieces))
            for number, pieces in self.pieces_of.items()
        )
        return Holdings(ours, others=1, ended=(9,))

    async def pieces(self, data_set: HeldDataSet) -> AsyncIterator[tuple[HeldPiece, ...]]:
        held = self.pieces_of[data_set.data_set_id]
        for start in range(0, len(held), PAGE):
            yield tuple(held[start : start + PAGE])

    async def providers(self) -> dict[int, HoldingProvider]:
        return PROVIDERS

    async def content(self, piece_cid: str, provider_ids: Sequence[int], most: int) -> bytes | None:
        assert set(provider_ids) <= set(PROVIDERS)
        self.reads.append(piece_cid)
        data = self.bytes_of[piece_cid]
        return None if piece_cid in self.unread or len(data) > most else data

    async def digest(self, piece_cid: str, provider_ids: Sequence[int]) -> str | None:
        data = await self.content(piece_cid, provider_ids, 2**60)
        return None if data is None else hashlib.sha256(data).hexdigest()
