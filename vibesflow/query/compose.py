"""One picture of a stream out of its summary, its rows and what the running stream says.

Pure functions. The table is the truth about what is settled, the running stream about what is on
its way; where both know a chunk, the row counts only if it is further.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from vibesflow.query.views import ChunkEntry, LiveSnapshot, OpenStream, StreamView
from vibesflow.stream.document import sessions_of
from vibesflow.stream.records import ChunkRow, RowStatus, StreamRecord
from vibesflow.stream.status import ChunkPhase, ChunkView, StreamState

_STATUS_OF_PHASE = {
    ChunkPhase.RECEIVED: RowStatus.PROCESSING,
    ChunkPhase.STORED: RowStatus.PROCESSING,
    ChunkPhase.COMMITTING: RowStatus.PROCESSING,
    ChunkPhase.CONFIRMED: RowStatus.UPLOADED,
    ChunkPhase.PARKED: RowStatus.FAILED,
}


def entry_of_row(row: ChunkRow) -> ChunkEntry:
    """Show a row."""
    return ChunkEntry.model_validate(row.model_dump(include=set(ChunkEntry.model_fields)))


def entry_of_view(view: ChunkView) -> ChunkEntry:
    """Show a chunk that the running stream holds."""
    fields = view.model_dump(include=set(ChunkEntry.model_fields))
    status = RowStatus.PINNED if view.ipfs_cid else _STATUS_OF_PHASE[view.phase]
    return ChunkEntry(**fields, status=status)


def merge_entries(rows: Iterable[ChunkRow], views: Iterable[ChunkView]) -> tuple[ChunkEntry, ...]:
    """Return every chunk once, in stream order.

    The running stream's word stands for the chunks it holds, unless the row is confirmed: that
    cannot be undone, so a view that says less was taken earlier.
    """
    settled = (entry_of_row(row) for row in rows)
    entries = {entry.key: entry for entry in settled}
    for entry in map(entry_of_view, views):
        entries[entry.key] = _further(entries.get(entry.key), entry)
    return tuple(sorted(entries.values(), key=_stream_order))


def compose_stream(
    rta_id: str,
    *,
    record: StreamRecord | None,
    rows: Sequence[ChunkRow] = (),
    live: LiveSnapshot | None = None,
    running: bool = False,
) -> StreamView | None:
    """Return the stream as it stands, or None when nobody knows it.

    Args:
        rta_id: the stream.
        record: its summary, None when the table has none (yet).
        rows: all its rows.
        live: what the running stream said, asked *before* the table was read, so that a chunk
            which moves from one to the other in between is seen at least once.
        running: a run is open, whether or not it answered.
    """
    if record is None and live is None and not running:
        return None
    return StreamView(
        rta_id=rta_id,
        creator=_creator(record, live),
        is_complete=is_complete(record, live),
        chunks=merge_entries(rows, live.chunks if live else ()),
        missing=live.status.missing if live else sessions_of(rows).gaps,
        live=live is not None,
        document_version=_document_version(record, live),
        metadata_cid=record.metadata_cid if record else None,
        data_set_id=_data_set(record, live),
        storage_provider=_storage_provider(record, live),
        waiting_for=live.status.waiting_for if live else None,
    )


def is_complete(record: StreamRecord | None, live: LiveSnapshot | None) -> bool:
    """Tell whether the stream is complete and not reopened.

    A chunk that comes after completion reopens the stream before the table learns of it, so a
    running stream that is at work on the table's own version has the last word.
    """
    if record is None or not record.is_complete:
        return False
    if live is None or live.status.state is StreamState.COMPLETE:
        return True
    return record.document_version > live.status.document_version


def open_stream_of(record: StreamRecord, rows: Sequence[ChunkRow]) -> OpenStream:
    """Count what a stream that is being recorded has in the table."""
    return OpenStream(
        record=record,
        chunks=len(rows),
        with_piece=sum(row.piece_cid is not None for row in rows),
        final=sum(row.is_final for row in rows),
    )


def _further(row: ChunkEntry | None, view: ChunkEntry) -> ChunkEntry:
    if row is None:
        return view
    if row.status is RowStatus.UPLOADED:
        return row
    # A PieceCID follows from the bytes alone, so the row's stays true whoever stores them next.
    return view.model_copy(update={"piece_cid": view.piece_cid or row.piece_cid})


def _stream_order(entry: ChunkEntry) -> tuple[int, str, int, int]:
    return (entry.session_started_at_ms, entry.producer, entry.sequence, entry.started_at_ms)


def _creator(record: StreamRecord | None, live: LiveSnapshot | None) -> str:
    if record is not None:
        return record.creator
    return live.status.creator if live else ""


def _storage_provider(record: StreamRecord | None, live: LiveSnapshot | None) -> str | None:
    """Name the account that the table names, or, before it does, the one that takes chunks now."""
    if record is not None and record.storage_provider is not None:
        return record.storage_provider
    if live is None:
        return None
    names = {each.provider_id: each.address for each in live.status.providers}
    return names.get(live.status.provider_id or 0) or None


def _document_version(record: StreamRecord | None, live: LiveSnapshot | None) -> int:
    of_record = record.document_version if record else 0
    return max(of_record, live.status.document_version if live else 0)


def _data_set(record: StreamRecord | None, live: LiveSnapshot | None) -> str | None:
    if live is not None and live.status.data_set_id is not None:
        return str(live.status.data_set_id)
    return record.data_set_id if record else None
