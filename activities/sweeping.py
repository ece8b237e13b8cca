"""Bytes that stay in staging for long: let go, handed to their stream, or shown to a person."""

from __future__ import annotations

import asyncio
import logging
import time

from temporalio import activity

from activities import audit_metrics
from activities.audit_messages import StagingSwept, SweepStaging
from activities.audit_ports import AuditedFilecoin, RunningStreams
from activities.copy_checking import CopyChecker
from activities.heart import Heart
from vibesflow.audit.leftovers import Leftover, adopt, chunk_of_key, may_go
from vibesflow.audit.report import LeftoverFigures
from vibesflow.audit.verdicts import CopyFound, PieceFound
from vibesflow.ledger.port import Ledger
from vibesflow.staging.port import StagedEntry, Staging
from vibesflow.stream.document import sessions_of
from vibesflow.stream.ids import ChunkId, parse_chunk_id
from vibesflow.stream.records import ChunkRow
from vibesflow.stream.status import ChunkView

log = logging.getLogger(__name__)

NAMED = 10
CHUNK_PAGE = 1_000


class SweepActivities:
    """Looks after staging.

    Args:
        ledger: rows say what is confirmed; its calls block.
        staging: what is looked after.
        filecoin: the chain says whether the copies still stand.
        streams: may know of chunks that have no row yet.
        wanted: copies that make a chunk safe.
        grace_epochs: how late a proof may be.
    """

    def __init__(
        self,
        ledger: Ledger,
        staging: Staging,
        filecoin: AuditedFilecoin,
        streams: RunningStreams,
        *,
        wanted: int,
        grace_epochs: int,
    ) -> None:
        self._ledger = ledger
        self._staging = staging
        self._filecoin = filecoin
        self._streams = streams
        self._wanted = wanted
        self._grace_epochs = grace_epochs

    @activity.defn(name="sweep_staging")
    async def sweep_staging(self, request: SweepStaging) -> StagingSwept:
        """Look at one page of staged keys; bytes are let go only when their copies stand."""
        async with Heart():
            page = await self._staging.page(
                after=request.after, rta_id=request.rta_id or None, limit=request.limit
            )
            old = [e for e in page.entries if time.time() - e.staged_at_s >= request.older_than_s]
            figures, unknown = LeftoverFigures(), []
            for entry in old:
                outcome = await self._settle(entry)
                figures = figures.plus(outcome)
                if outcome is Leftover.UNKNOWN:
                    log.warning("nobody knows the staged bytes of %s", entry.key)
                    unknown.append(entry.key)
            audit_metrics.note_leftovers(figures)
            return StagingSwept(figures=figures, unknown=tuple(unknown[:NAMED]), after=page.after)

    async def _settle(self, entry: StagedEntry) -> Leftover:
        chunk = chunk_of_key(entry.key)
        if chunk is None:
            return Leftover.UNKNOWN
        row = await asyncio.to_thread(self._ledger.get_chunk, chunk.rta_id, chunk.text)
        if row is None:
            return await self._without_row(chunk)
        staged = await self._staging.stat(entry.key)
        if staged is None or staged.released:
            return Leftover.KEPT
        good = await self._good_copies(row)
        if may_go(row, sha256=staged.sha256, good_copies=good, wanted=self._wanted):
            await self._staging.release(entry.key)
            return Leftover.RELEASED
        return Leftover.UNKNOWN if row.sha256 != staged.sha256 else Leftover.KEPT

    async def _good_copies(self, row: ChunkRow) -> int:
        """How many copies of the row the chain has now."""
        if row.piece_cid is None or len(row.copies) < self._wanted:
            return 0
        piece = PieceFound(
            piece_cid=row.piece_cid,
            size=row.size,
            copies=tuple(CopyFound(**copy.model_dump()) for copy in row.copies),
        )
        checker = CopyChecker(self._filecoin, grace_epochs=self._grace_epochs)
        (checked,) = await checker.on_chain([piece])
        return len(checked.good())

    async def _without_row(self, chunk: ChunkId) -> Leftover:
        """Hand bytes to their stream if it has not heard of them: their sender died too early."""
        if await self._is_known(chunk):
            return Leftover.KEPT
        staged = await self._staging.stat(chunk.staging_key)
        if staged is None or staged.released:
            return Leftover.KEPT
        record = await asyncio.to_thread(self._ledger.get_stream, chunk.rta_id)
        rows = await asyncio.to_thread(lambda: list(self._ledger.list_chunks(chunk.rta_id)))
        claim = adopt(
            chunk,
            size=staged.size,
            sha256=staged.sha256,
            record=record,
            sessions=sessions_of(rows),
        )
        if claim is None:
            return Leftover.UNKNOWN
        await self._streams.submit(claim)
        return Leftover.ADOPTED

    async def _is_known(self, chunk: ChunkId) -> bool:
        """Tell whether a running stream holds the chunk, or cannot be asked."""
        if not await self._streams.is_running(chunk.rta_id):
            return False
        offset = 0
        while True:
            page = await self._streams.chunks(chunk.rta_id, offset=offset, limit=CHUNK_PAGE)
            if page is None or any(_is(chunk, view) for view in page.chunks):
                return True
            offset += len(page.chunks)
            if not page.chunks or offset >= page.total:
                return False


def _is(chunk: ChunkId, view: ChunkView) -> bool:
    return parse_chunk_id(view.chunk_id).key == chunk.key
