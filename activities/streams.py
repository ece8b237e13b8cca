"""Steps that keep the table: open, look up, append, complete; they block, so on threads."""

from __future__ import annotations

from collections.abc import Sequence

from temporalio import activity

from activities.messages import (
    AppendChunks,
    AppendedChunks,
    CompletedStream,
    CompleteStream,
    FindChunk,
    FoundChunk,
    OpenedStream,
    OpenStream,
    RejectedRow,
)
from vibesflow.errors import ChunkConflict, StreamClosed, StreamNotFound
from vibesflow.ledger.port import Ledger
from vibesflow.stream.document import details_of, sessions_of
from vibesflow.stream.records import Completion, RowStatus, RowWrite, StreamOpening


class StreamActivities:
    """The workflow's hand on the ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    @activity.defn(name="open_stream")
    def open_stream(self, request: OpenStream) -> OpenedStream:
        """Create the record if it is new; tell what has come and what is unconfirmed."""
        if request.creator:
            record = self._ledger.open_stream(
                StreamOpening(rta_id=request.rta_id, creator=request.creator, opened_at=request.at)
            )
        else:
            found = self._ledger.get_stream(request.rta_id)
            if found is None:
                return OpenedStream()
            record = found
        rows = list(self._ledger.list_chunks(request.rta_id)) if record.chunks else []
        return OpenedStream(
            record=record,
            sessions=sessions_of(rows),
            unconfirmed=tuple(row for row in rows if row.status is not RowStatus.UPLOADED),
        )

    @activity.defn(name="find_chunk")
    def find_chunk(self, request: FindChunk) -> FoundChunk:
        """Return the row of a chunk id, or None."""
        return FoundChunk(row=self._ledger.get_chunk(request.rta_id, request.chunk_id))

    @activity.defn(name="append_chunks")
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

    @activity.defn(name="complete_stream")
    def complete_stream(self, request: CompleteStream) -> CompletedStream:
        """Write the snapshot and complete, exactly once for the version."""
        rows = list(self._ledger.list_chunks(request.rta_id))
        details = details_of(rows)
        data_sets = {str(d.data_set_id) for d in details if d.data_set_id is not None}
        record = self._ledger.complete_stream(
            Completion(
                rta_id=request.rta_id,
                version=request.version,
                rev=request.rev,
                metadata_cid=request.metadata_cid,
                completed_at=request.at,
                details=details,
                data_set_id=min(data_sets, key=int, default=None),
                storage_provider=request.storage_provider or None,
                filcdn_base=_base_of(details[0].url, details[0].piece_cid) if details else None,
            )
        )
        return CompletedStream(
            version=record.document_version,
            chunks=len(details),
            total_duration_ms=record.total_duration_ms,
        )


def _base_of(url: str | None, piece_cid: str) -> str | None:
    return url.removesuffix(piece_cid).rstrip("/") if url else None
