"""Completing a stream on request, whatever state it is in."""

from __future__ import annotations

from vibesflow.errors import NothingToComplete, StreamNotFound
from vibesflow.query.live import LiveStreams
from vibesflow.query.reader import StreamReader
from vibesflow.stream.records import StreamRecord
from vibesflow.stream.status import CompletionReply, StreamState


class StreamCompleter:
    """Completes the running stream, or says why there is nothing to complete."""

    def __init__(self, reader: StreamReader, live: LiveStreams) -> None:
        self._reader = reader
        self._live = live

    async def complete(self, rta_id: str) -> CompletionReply:
        """Complete a stream now; one that is complete already says so.

        Raises:
            StreamNotFound: nobody knows it.
            NothingToComplete: no chunk of it has a PieceCID.
            TemporalDown: Temporal does not answer.
            TableDown: no run is open, and the table does not answer.
        """
        reply = await self._live.complete(rta_id)
        if reply is not None:
            return reply
        record = await self._reader.record(rta_id)
        if record is None:
            raise StreamNotFound(f"no stream {rta_id!r}")
        if record.is_complete:
            return _already(record)
        return await self._take_up(rta_id)

    async def _take_up(self, rta_id: str) -> CompletionReply:
        # The record is open and no run is: the run was ended from outside, or found nothing to
        # complete. A retry starts a new one that loads the record.
        view = await self._reader.stream(rta_id)
        if view is None or not any(entry.piece_cid for entry in view.chunks):
            raise NothingToComplete(f"no chunk of stream {rta_id!r} has a PieceCID")
        await self._live.retry(rta_id)
        reply = await self._live.complete(rta_id)
        return reply or CompletionReply(state=StreamState.FINISHING)


def _already(record: StreamRecord) -> CompletionReply:
    return CompletionReply(
        state=StreamState.COMPLETE,
        already=True,
        document_version=record.document_version,
        metadata_cid=record.metadata_cid,
        chunks=record.uploaded,
        total_duration_ms=record.total_duration_ms,
    )
