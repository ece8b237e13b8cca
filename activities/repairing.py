"""Making lost copies anew, and writing down where they are."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial

from temporalio import activity

from activities import audit_metrics
from activities.audit_messages import (
    ConcludeStream,
    CopiesVerified,
    MoveCopies,
    PiecesOrdered,
    RepairPieces,
    VerifyCopies,
)
from activities.audit_ports import AuditedFilecoin
from activities.copy_checking import CopyChecker
from activities.heart import Heart
from activities.ordering import CopyDesk, Need
from activities.uploading import Upload, Uploader
from vibesflow.audit.repairs import Repair
from vibesflow.data_set.orders import Pairs
from vibesflow.errors import LedgerMoved, PieceNotFound, StreamNotFound, VibesflowError
from vibesflow.filecoin import ProviderInfo
from vibesflow.ledger.port import Ledger
from vibesflow.staging.port import Staging
from vibesflow.stream.document import details_of, home_of
from vibesflow.stream.ids import parse_chunk_id
from vibesflow.stream.piece_metadata import chunk_metadata, document_metadata
from vibesflow.stream.placement import Copy, StoredPiece
from vibesflow.stream.records import AuditMark, Relisting, StreamRecord
from vibesflow.stream.tracking import TrackedChunk

log = logging.getLogger(__name__)

RELIST_TRIES = 5


class RepairActivities:
    """Orders copies from good ones, or from staging, and keeps the table's word on them.

    Args:
        ledger: streams and rows; its calls block.
        staging: may still hold what no provider does.
        filecoin: providers, to read from and to supply again.
        uploader: brings staged bytes to a provider.
        desk: finds providers and tells their data sets.
    """

    def __init__(
        self,
        ledger: Ledger,
        staging: Staging,
        filecoin: AuditedFilecoin,
        uploader: Uploader,
        desk: CopyDesk,
    ) -> None:
        self._ledger = ledger
        self._staging = staging
        self._filecoin = filecoin
        self._uploader = uploader
        self._desk = desk

    @activity.defn(name="repair_pieces")
    async def repair_pieces(self, request: RepairPieces) -> PiecesOrdered:
        """Order the copies that pieces lack; ordering the same again is harmless."""
        async with Heart():
            record = await asyncio.to_thread(self._ledger.get_stream, request.rta_id)
            if record is None:
                raise StreamNotFound(f"no stream {request.rta_id} in the table")
            ordered: list[StoredPiece] = []
            lost: list[str] = []
            for repair in request.pieces:
                self._rest(repair)
                stored = repair.stored or await self._from_staging(repair)
                if stored is None:
                    self._mourn(record, repair)
                    lost.append(repair.piece_cid)
                else:
                    ordered.append(await self._order(record, repair, stored, request.reply_to))
            return PiecesOrdered(ordered=tuple(ordered), lost=tuple(lost))

    @activity.defn(name="verify_copies")
    async def verify_copies(self, request: VerifyCopies) -> CopiesVerified:
        """Read new copies: a data set may hold a piece that its provider has lost before."""
        async with Heart():
            checker = CopyChecker(self._filecoin, grace_epochs=0)
            read = await checker.by_reading(request.pieces)
        unserved = {
            piece.piece_cid: [copy.provider_id for copy in piece.copies if copy.fault]
            for piece in read
        }
        return CopiesVerified(unserved={cid: ids for cid, ids in unserved.items() if ids})

    @activity.defn(name="move_copies")
    async def move_copies(self, request: MoveCopies) -> None:
        """Have the rows say where the copies are now."""
        async with Heart():
            await asyncio.to_thread(self._ledger.move_copies, request.rta_id, request.moves)

    @activity.defn(name="conclude_stream")
    async def conclude_stream(self, request: ConcludeStream) -> None:
        """Have lists show where moved copies are, and keep how the audit came out."""
        async with Heart():
            if request.moved:
                await asyncio.to_thread(self._relist, request.rta_id)
            mark = AuditMark(rta_id=request.rta_id, at=request.at, result=request.result)
            await asyncio.to_thread(self._ledger.note_audit, mark)

    def _rest(self, repair: Repair) -> None:
        """Let the providers that lost the piece come last for new ones."""
        for provider_id in repair.avoid:
            self._filecoin.note_fault(provider_id)

    def _mourn(self, record: StreamRecord, repair: Repair) -> None:
        what = ", ".join(repair.chunks) or f"document {record.document_version}"
        log.error("%s: %s (%s) is lost everywhere", record.rta_id, what, repair.piece_cid)
        audit_metrics.note_lost()

    async def _from_staging(self, repair: Repair) -> StoredPiece | None:
        """Store the piece again from bytes that were kept; None if there are none."""
        for chunk_id in repair.chunks:
            key = parse_chunk_id(chunk_id).staging_key
            known = await self._staging.stat(key)
            if known is None or known.released:
                continue
            upload = Upload(open_source=partial(self._staging.read, key), tried_before=True)
            provider, piece_cid = await self._uploader.upload(upload)
            if piece_cid.text == repair.piece_cid:
                copy = self._desk.copy_at(provider, piece_cid.text)
                return StoredPiece(piece_cid=piece_cid.text, wanted=repair.wanted, copies=[copy])
            log.error("%s: staging holds other bytes than the row says", chunk_id)
        return None

    async def _order(
        self, record: StreamRecord, repair: Repair, stored: StoredPiece, reply_to: str
    ) -> StoredPiece:
        need = Need(
            rta_id=record.rta_id,
            creator=record.creator,
            piece_cid=repair.piece_cid,
            size=repair.size,
            copies=tuple(stored.copies),
            metadata=await self._metadata(record, repair),
            urgent=True,
            reply_to=reply_to,
            avoid=tuple(repair.avoid),
        )
        found = await self._desk.order(need)
        if len(found.copies) < repair.wanted:
            found = await self._supply_again(repair, need, found)
        audit_metrics.note_ordered(sum(not copy.is_confirmed for copy in found.copies))
        return found

    async def _metadata(self, record: StreamRecord, repair: Repair) -> Pairs:
        for chunk_id in repair.chunks:
            row = await asyncio.to_thread(self._ledger.get_chunk, record.rta_id, chunk_id)
            if row is not None:
                return chunk_metadata(TrackedChunk.from_row(row).ref, duration_ms=row.duration_ms)
        return document_metadata(record.rta_id, record.document_version)

    async def _supply_again(self, repair: Repair, need: Need, found: StoredPiece) -> StoredPiece:
        """Nobody else takes a copy: bring the bytes back to providers that lost them.

        Its data set still holds the piece, so this costs no further addition.
        """
        source = next((copy for copy in found.copies if copy.is_confirmed), found.copies[0])
        copies = list(found.copies)
        for provider in await self._filecoin.providers():
            if len(copies) >= repair.wanted or provider.provider_id not in repair.avoid:
                continue
            if await self._supply(provider, repair.piece_cid, source):
                copies.append(self._desk.copy_at(provider, repair.piece_cid))
        if len(copies) == len(found.copies):
            return found
        return await self._desk.order(replace(need, copies=tuple(copies)))

    async def _supply(self, provider: ProviderInfo, piece_cid: str, source: Copy) -> bool:
        base_url = source.base_url.removesuffix("/piece/")

        def read() -> AsyncIterator[bytes]:
            return self._filecoin.read(base_url, piece_cid)

        try:
            await self._uploader.supply(provider, read)
            await self._drain(provider.service_url, piece_cid)
        except VibesflowError as error:
            log.warning("%s cannot be brought back: %s", piece_cid, error)
            return False
        return True

    async def _drain(self, url: str, piece_cid: str) -> None:
        """Believe a provider that lost the piece once only when it serves it again."""
        try:
            async for _ in self._filecoin.read(url, piece_cid):
                pass
        except PieceNotFound:
            await asyncio.sleep(6)  # providers remember for 5 s what they did not find
            async for _ in self._filecoin.read(url, piece_cid):
                pass

    def _relist(self, rta_id: str) -> None:
        """Write the list's details anew from the rows; rows that change meanwhile repeat it."""
        for _ in range(RELIST_TRIES):
            record = self._ledger.get_stream(rta_id)
            if record is None or not record.is_complete:
                return  # its next completion lists the rows as they are
            details = details_of(self._ledger.list_chunks(rta_id))
            home = home_of(details)
            listing = Relisting(
                rta_id=rta_id,
                rev=record.rev,
                details=details,
                data_set_id=home.data_set_id,
                filcdn_base=home.filcdn_base,
            )
            try:
                self._ledger.relist(listing)
            except LedgerMoved as error:
                log.info("%s", error)
            else:
                return
        raise LedgerMoved(f"stream {rta_id} changes faster than it can be listed")
