"""Steps that keep the table: open, look up, append, complete; they block, so on threads."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from temporalio import activity

from activities.messages import (
    AppendChunks,
    AppendedChunks,
    CompletedStream,
    CompleteStream,
    FindChunk,
    FoundChunk,
    LoadedRows,
    LoadRows,
    OpenedStream,
    OpenStream,
    RejectedRow,
)
from vibesflow.errors import ChunkConflict, StreamClosed, StreamNotFound
from vibesflow.ledger.port import Ledger
from vibesflow.stream.document import count_in, details_of, home_of
from vibesflow.stream.ids import parse_chunk_id
from vibesflow.stream.pages import first_page
from vibesflow.stream.records import ChunkRow, Completion, RowStatus, RowWrite, StreamOpening
from vibesflow.stream.sessions import Sessions
from vibesflow.stream.shelf import Shelf, is_parked

_PAGE_ROWS = 20


class StreamActivities:
    """The workflow's hand on the ledger.

    A step whose time is over is let end: its writes may be repeated, and an exception thrown into
    the table's client from outside could leave its connections in any state.
    """

    def __init__(self, ledger: Ledger, *, pin_after_s: float | None = None) -> None:
        self._ledger = ledger
        self._pin_after_s = pin_after_s

    @activity.defn(name="open_stream", no_thread_cancel_exception=True)
    def open_stream(self, request: OpenStream) -> OpenedStream:
        """Create the record if it is new; tell what has come and how much of it waits."""
        if request.creator:
            record = self._ledger.open_stream(
                StreamOpening(rta_id=request.rta_id, creator=request.creator, opened_at=request.at)
            )
        else:
            found = self._ledger.get_stream(request.rta_id)
            if found is None:
                return OpenedStream()
            record = found
        sessions, shelf = Sessions(), Shelf()
        for row in self._ledger.list_chunks(request.rta_id) if record.chunks else ():
            count_in(sessions, row)
            shelf.put_row(row)
        sessions.compact()
        return OpenedStream(
            record=record, sessions=sessions, shelf=shelf, pin_after_s=self._pin_after_s
        )

    @activity.defn(name="load_rows", no_thread_cancel_exception=True)
    def load_rows(self, request: LoadRows) -> LoadedRows:
        """Return as many rows of the wanted kinds as a message carries, in table order."""
        rows = self._wanted_rows(request, since="" if request.after else request.since)
        if not rows and request.since and not request.after:
            rows = self._wanted_rows(request)  # the counts say that there are some
        page = first_page(rows[:_PAGE_ROWS])
        more = len(page) < len(rows)
        return LoadedRows(
            rows=tuple(page),
            after=parse_chunk_id(page[-1].chunk_id).key if more else "",
            found_none=not page and not request.after,
        )

    def _wanted_rows(self, request: LoadRows, *, since: str = "") -> list[ChunkRow]:
        rows = self._ledger.list_chunks(request.rta_id, after=request.after, since=since)
        wanted = (row for row in rows if _is_wanted(row, request))
        return list(islice(wanted, _PAGE_ROWS + 1))

    @activity.defn(name="find_chunk", no_thread_cancel_exception=True)
    def find_chunk(self, request: FindChunk) -> FoundChunk:
        """Return the row of a chunk id, or None."""
        return FoundChunk(row=self._ledger.get_chunk(request.rta_id, request.chunk_id))

    @activity.defn(name="append_chunks", no_thread_cancel_exception=True)
    def append_chunks(self, request: AppendChunks) -> AppendedChunks:
        """Write rows and counters together; a row that stands with other content is named."""
        if request.reopen_version is not None:
            self._ledger.reopen_stream(
                request.rta_id, version=request.reopen_version, at=request.at
            )
        try:
            self._settle(request.rta_id, request.writes)
        except ChunkConflict:
            return AppendedChunks(rejected=tuple(self._one_by_one(request)))
        return AppendedChunks()

    def _one_by_one(self, request: AppendChunks) -> list[RejectedRow]:
        rejected = []
        for write in request.writes:
            try:
                self._settle(request.rta_id, [write])
            except ChunkConflict as error:
                rejected.append(RejectedRow(chunk_id=write.row.chunk_id, reason=error.message))
        return rejected

    def _settle(self, rta_id: str, writes: Sequence[RowWrite]) -> None:
        try:
            self._ledger.settle_rows(rta_id, writes)
        except StreamClosed:
            # An answer got lost, or an operator completed it elsewhere: the rows still belong.
            record = self._ledger.get_stream(rta_id)
            if record is None:
                raise StreamNotFound(f"stream {rta_id} vanished from the table") from None
            at = writes[0].row.written_at
            self._ledger.reopen_stream(rta_id, version=record.document_version, at=at)
            self._ledger.settle_rows(rta_id, writes)

    @activity.defn(name="complete_stream", no_thread_cancel_exception=True)
    def complete_stream(self, request: CompleteStream) -> CompletedStream:
        """Write the snapshot and complete, exactly once for the version."""
        details = details_of(self._ledger.list_chunks(request.rta_id))
        home = home_of(details)
        record = self._ledger.complete_stream(
            Completion(
                rta_id=request.rta_id,
                version=request.version,
                rev=request.rev,
                metadata_cid=request.metadata_cid,
                completed_at=request.at,
                details=details,
                data_set_id=home.data_set_id,
                storage_provider=request.storage_provider or None,
                filcdn_base=home.filcdn_base,
            )
        )
        return CompletedStream(
            version=record.document_version,
            chunks=len(details),
            total_duration_ms=record.total_duration_ms,
        )


def _is_wanted(row: ChunkRow, request: LoadRows) -> bool:
    if row.status is RowStatus.UPLOADED:
        return False
    if is_parked(row.status):
        return request.parked
    return request.received if row.piece_cid is None else request.stored
