"""Finding commits that land after they were given up, and having rows name what they paid for."""

from __future__ import annotations

import asyncio
import logging

from temporalio import activity

from activities.committing import request_of
from activities.heart import Heart
from activities.messages import BatchedPiece, FindCommit, FoundCommit, NameCopies, NamedCopies
from activities.ports import Committer, Registry
from vibesflow.errors import LedgerMoved
from vibesflow.ledger.port import Ledger
from vibesflow.stream.piece_metadata import ChunkNote, read_metadata
from vibesflow.stream.records import ChunkRow, CopyMove, RowCopy, RowStatus

log = logging.getLogger(__name__)


class LateCommitActivities:
    """What a late commit needs of the world.

    Args:
        committer: looks on chain.
        registry: knows where providers are.
        ledger: the rows; its calls block.
    """

    def __init__(self, committer: Committer, registry: Registry, ledger: Ledger) -> None:
        self._committer = committer
        self._registry = registry
        self._ledger = ledger

    @activity.defn(name="find_commit")
    async def find_commit(self, request: FindCommit) -> FoundCommit:
        """Tell whether the nonce has landed after all; the provider is not asked."""
        async with Heart():
            landed = await self._committer.landed(request_of(request))
            if landed is None:
                return FoundCommit()
            providers = {info.provider_id: info for info in await self._registry.providers()}
        info = providers.get(request.provider_id)
        return FoundCommit(
            data_set_id=landed.data_set_id,
            piece_ids=landed.piece_ids,
            base_url=self._registry.retrieval_url(info, "") if info else "",
        )

    @activity.defn(name="name_copies")
    async def name_copies(self, request: NameCopies) -> NamedCopies:
        """Add the copies to the rows of confirmed chunks; those that have them stay as they are."""
        async with Heart():
            unnamed = [
                piece.piece_cid
                for piece in request.pieces
                if not await asyncio.to_thread(self._name, piece, request)
            ]
        return NamedCopies(unnamed=tuple(unnamed))

    def _name(self, piece: BatchedPiece, request: NameCopies) -> bool:
        """Have a piece's row name its copy; documents have none, the chain names those."""
        found, cid = request.found, piece.piece_cid
        note = read_metadata(dict(piece.metadata))
        if not isinstance(note, ChunkNote) or cid not in found.piece_ids:
            return True
        row = self._ledger.get_chunk(note.chunk_id.rta_id, note.chunk_id.text)
        if row is None or row.piece_cid != cid or row.status is not RowStatus.UPLOADED:
            return False
        if found.data_set_id is None or not found.base_url:
            return False
        return self._add(
            row,
            RowCopy(
                provider_id=request.provider_id,
                base_url=found.base_url,
                data_set_id=found.data_set_id,
                piece_id=found.piece_ids[cid],
            ),
        )

    def _add(self, row: ChunkRow, copy: RowCopy) -> bool:
        if any(known.data_set_id == copy.data_set_id for known in row.confirmed_copies):
            return True
        move = CopyMove(
            chunk_id=row.chunk_id,
            piece_cid=row.piece_cid or "",
            copies=(*row.confirmed_copies, copy),
            before=row.copies,
        )
        try:
            self._ledger.move_copies(row.rta_id, [move])
        except LedgerMoved as error:
            log.info("%s", error)
            return False
        return True
