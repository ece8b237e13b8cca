"""Auditing a stream slice by slice: from its rows to what its copies are worth."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from temporalio import activity

from activities import audit_metrics
from activities.audit_messages import (
    MOST_LACKING,
    CheckStream,
    ListStreams,
    StreamChecked,
    StreamsListed,
)
from activities.audit_ports import AuditedFilecoin, RunningStreams
from activities.copy_checking import CopyChecker
from activities.document_copies import DocumentCopies
from activities.heart import Heart
from vibesflow.audit.report import Figures
from vibesflow.audit.sampling import in_sample
from vibesflow.audit.verdicts import CopyFound, PieceFound, Verdict, sets_with
from vibesflow.ledger.port import Ledger
from vibesflow.stream.records import ChunkRow, RowStatus

PAGE_ROWS = 48
GROUP = 4
"""Pieces that are read together; the slice may end after each group."""
SLICE_S = 240.0
"""A slice ends about then, so that a repeated one does little again."""


@dataclass
class _Slice:
    """What a slice has found so far."""

    wanted: int
    insist: bool
    figures: Figures = field(default_factory=Figures)
    lacking: list[PieceFound] = field(default_factory=list)
    bad_sets: set[int] = field(default_factory=set)
    doubtful_sets: set[int] = field(default_factory=set)
    ends_at_s: float = field(default_factory=lambda: time.monotonic() + SLICE_S)

    @property
    def is_full(self) -> bool:
        return len(self.lacking) + GROUP > MOST_LACKING or time.monotonic() > self.ends_at_s

    def take(self, pieces: Sequence[PieceFound]) -> None:
        counts = {
            verdict: sum(piece.count(verdict, insist=self.insist) for piece in pieces)
            for verdict in Verdict
        }
        self.figures += Figures(
            pieces=len(pieces),
            copies=sum(counts.values()),
            read_bytes=sum(piece.size * len(piece.good()) for piece in pieces),
            **{verdict.value: count for verdict, count in counts.items()},
        )
        self.lacking += [p for p in pieces if p.needs_repair(self.wanted, insist=self.insist)]
        self.bad_sets |= sets_with(pieces, Verdict.BAD, insist=self.insist)
        self.doubtful_sets |= sets_with(pieces, Verdict.DOUBTFUL, insist=self.insist)
        audit_metrics.note_copies(pieces, insist=self.insist)

    def reply(self, after: str | None) -> StreamChecked:
        return StreamChecked(
            figures=self.figures,
            lacking=tuple(self.lacking),
            bad_sets=tuple(sorted(self.bad_sets)),
            doubtful_sets=tuple(sorted(self.doubtful_sets)),
            after=after,
            wanted=self.wanted,
        )


class CheckingActivities:
    """Lists what is to be audited, and audits it.

    Args:
        ledger: streams and rows; its calls block.
        filecoin: chain and providers.
        streams: tells which streams still run.
        documents: finds the copies of documents, which have no rows.
        wanted: copies that make a piece safe.
        grace_epochs: how late a proof may be.
    """

    def __init__(
        self,
        ledger: Ledger,
        filecoin: AuditedFilecoin,
        streams: RunningStreams,
        documents: DocumentCopies,
        *,
        wanted: int,
        grace_epochs: int,
    ) -> None:
        self._ledger = ledger
        self._filecoin = filecoin
        self._streams = streams
        self._documents = documents
        self._wanted = wanted
        self._grace_epochs = grace_epochs

    @activity.defn(name="list_streams")
    async def list_streams(self, request: ListStreams) -> StreamsListed:
        """Return a page of streams that completed at least once; no Scan."""
        async with Heart():
            page = await asyncio.to_thread(
                self._ledger.list_completed, limit=request.limit, cursor=request.cursor
            )
        ids = tuple(record.rta_id for record in page.streams)
        return StreamsListed(streams=ids, cursor=page.next_cursor)

    @activity.defn(name="check_stream")
    async def check_stream(self, request: CheckStream) -> StreamChecked:
        """Look at pieces until enough are found lacking, the time is over, or the stream ends."""
        async with Heart():
            found = _Slice(self._wanted, request.insist)
            checker = CopyChecker(self._filecoin, grace_epochs=self._grace_epochs)
            if request.after is None and not await self._document(request, checker, found):
                return StreamChecked(is_known=False)
            return found.reply(await self._chunks(request, checker, found))

    async def _chunks(
        self, request: CheckStream, checker: CopyChecker, found: _Slice
    ) -> str | None:
        """Look at chunks; return the last one looked at if there are more."""
        after = request.after
        while True:
            rows = await asyncio.to_thread(
                self._ledger.rows_after, request.rta_id, after, limit=PAGE_ROWS
            )
            chosen = [piece for piece in _pieces_of(rows) if self._is_due(request, piece)]
            pieces = await checker.on_chain(chosen) if chosen else []
            for start in range(0, len(pieces), GROUP):
                group = pieces[start : start + GROUP]
                found.take(await checker.by_reading(group))
                if found.is_full:
                    return group[-1].chunk_id
            if len(rows) < PAGE_ROWS:
                return None
            after = rows[-1].chunk_id

    async def _document(self, request: CheckStream, checker: CopyChecker, found: _Slice) -> bool:
        """Look at the stream's document; tell whether the table has the stream at all."""
        record = await asyncio.to_thread(self._ledger.get_stream, request.rta_id)
        if record is None:
            return False
        if record.metadata_cid is None or await self._streams.is_running(record.rta_id):
            return True  # what is still being committed is not missing
        piece = await self._documents.near(record)
        if request.only_sets and not _is_in(piece, request.only_sets):
            return True
        (checked,) = await checker.by_reading(await checker.on_chain([piece]))
        if len(checked.good()) < self._wanted:
            more = await self._documents.elsewhere(record, checked)
            (others,) = await checker.by_reading(await checker.on_chain([more]))
            checked = checked.model_copy(update={"copies": checked.copies + others.copies})
        good = tuple(checked.good())
        if (
            len(good) >= self._wanted
        ):  # no row forgets a lost copy of a document; the chain keeps it
            checked = checked.model_copy(update={"copies": good})
        found.take([checked])
        return True

    def _is_due(self, request: CheckStream, piece: PieceFound) -> bool:
        if request.only_sets:
            return _is_in(piece, request.only_sets)
        if len(piece.copies) < self._wanted:
            return True
        return in_sample(request.round_id, piece.piece_cid, request.share)


def _is_in(piece: PieceFound, data_sets: Sequence[int]) -> bool:
    return any(copy.data_set_id in data_sets for copy in piece.copies)


def _pieces_of(rows: Iterable[ChunkRow]) -> Iterator[PieceFound]:
    for row in rows:
        if row.status is RowStatus.UPLOADED and row.piece_cid:
            copies = tuple(CopyFound(**copy.model_dump()) for copy in row.confirmed_copies)
            yield PieceFound(
                chunk_id=row.chunk_id, piece_cid=row.piece_cid, size=row.size, copies=copies
            )
