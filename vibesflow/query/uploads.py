"""Where one upload stands. An upload's id is its chunk id, so nothing has to be remembered."""

from __future__ import annotations

from vibesflow.errors import InvalidInput, UploadNotFound
from vibesflow.query.compose import entry_of_row
from vibesflow.query.reader import StreamReader
from vibesflow.query.views import ChunkEntry, UploadState, UploadView
from vibesflow.staging.port import Staging
from vibesflow.stream.ids import ChunkId, parse_chunk_id
from vibesflow.stream.records import RowStatus

_STATE_OF_STATUS = {
    RowStatus.PROCESSING: UploadState.PROCESSING,
    RowStatus.PINNED: UploadState.PROCESSING,
    RowStatus.UPLOADED: UploadState.COMPLETED,
    RowStatus.FAILED: UploadState.FAILED,
}


class UploadReader:
    """Finds an upload wherever it is: its row, the running stream, or staging alone."""

    def __init__(self, reader: StreamReader, staging: Staging) -> None:
        self._reader = reader
        self._staging = staging

    async def find(self, upload_id: str) -> UploadView:
        """Return where the upload stands.

        Raises:
            UploadNotFound: no such chunk was ever acknowledged.
            TableDown: the table does not answer.
            TemporalDown: the chunk is not settled, and its stream cannot be asked.
            StagingDown: nobody but staging could know, and it does not answer.
        """
        try:
            chunk_id = parse_chunk_id(upload_id)
        except InvalidInput as error:
            raise UploadNotFound(f"no upload {upload_id[:180]!r}") from error
        entry = await self._entry(chunk_id)
        if entry is not None:
            return _view(chunk_id, _STATE_OF_STATUS[entry.status], entry.size, entry)
        return await self._staged(chunk_id)

    async def _entry(self, chunk_id: ChunkId) -> ChunkEntry | None:
        settled = await self._row(chunk_id)
        if settled is not None and settled.status is RowStatus.UPLOADED:
            return settled
        held = await self._reader.live_chunk(chunk_id.rta_id, chunk_id.key)
        # A stream lets go of a chunk once its row is written: look again before saying no.
        return held or await self._row(chunk_id)

    async def _row(self, chunk_id: ChunkId) -> ChunkEntry | None:
        row = await self._reader.row(chunk_id.rta_id, chunk_id.text)
        return entry_of_row(row) if row else None

    async def _staged(self, chunk_id: ChunkId) -> UploadView:
        staged = await self._staging.stat(chunk_id.staging_key)
        if staged is None:
            raise UploadNotFound(f"no upload {chunk_id.text!r}")
        state = UploadState.COMPLETED if staged.released else UploadState.PROCESSING
        return _view(chunk_id, state, staged.size, None)


def _view(chunk_id: ChunkId, state: UploadState, size: int, entry: ChunkEntry | None) -> UploadView:
    return UploadView(
        chunk_id=entry.chunk_id if entry else chunk_id.text,
        rta_id=chunk_id.rta_id,
        state=state,
        size=size,
        entry=entry,
    )
