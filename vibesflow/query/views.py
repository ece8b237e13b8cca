"""What readers get to see of a stream: the table and the running stream as one picture."""

from __future__ import annotations

from enum import StrEnum

from vibesflow.errors import InvalidInput
from vibesflow.stream.chunk import Message
from vibesflow.stream.ids import parse_chunk_id
from vibesflow.stream.records import ChunkDetail, RowStatus, StreamRecord
from vibesflow.stream.status import ChunkView, SessionGap, StreamStatus


class LiveSnapshot(Message):
    """What a running stream said of itself: its status, and the chunks that it still holds."""

    status: StreamStatus
    chunks: tuple[ChunkView, ...] = ()


class ChunkEntry(Message):
    """One chunk, wherever it is known from; see `ChunkRow` for the fields."""

    chunk_id: str
    status: RowStatus
    sequence: int
    session_started_at_ms: int
    started_at_ms: int = 0
    producer: str = ""
    size: int
    duration_ms: int = 0
    participants: int = 0
    is_final: bool = False
    piece_cid: str | None = None
    provider_id: int | None = None
    data_set_id: int | None = None
    piece_id: int | None = None
    retrieval_url: str | None = None
    ipfs_cid: str | None = None
    error: str | None = None

    @property
    def key(self) -> str:
        """The identity under which two spellings of one chunk id meet.

        An id that does not parse, as an older writer may have left in the table, stands for
        itself.
        """
        try:
            return parse_chunk_id(self.chunk_id).key
        except InvalidInput:
            return self.chunk_id


class StreamView(Message):
    """One stream as it stands.

    Attributes:
        creator: empty while only the fact is known that a run is open.
        is_complete: complete, and not reopened since.
        chunks: every known chunk, in stream order.
        missing: sequence numbers that have not come, by session.
        live: the running stream answered, so nothing that was received is left out.
        waiting_for: what only a person can change, too little money for instance.
    """

    rta_id: str
    creator: str = ""
    is_complete: bool = False
    chunks: tuple[ChunkEntry, ...] = ()
    missing: tuple[SessionGap, ...] = ()
    live: bool = False
    document_version: int = 0
    metadata_cid: str | None = None
    data_set_id: str | None = None
    storage_provider: str | None = None
    waiting_for: str | None = None

    def count(self, status: RowStatus) -> int:
        """Return how many chunks have this status."""
        return sum(entry.status is status for entry in self.chunks)


class CompletedStream(Message):
    """A stream of the public list: its summary and its snapshot."""

    record: StreamRecord
    details: tuple[ChunkDetail, ...]


class CompletedPage(Message):
    """One page of the public list, newest first, and the cursor of the next one."""

    streams: tuple[CompletedStream, ...]
    next_cursor: str | None = None


class OpenStream(Message):
    """A stream that is being recorded, as the table knows it."""

    record: StreamRecord
    chunks: int
    with_piece: int
    final: int


class Census(Message):
    """Every stream that is complete or open; ``truncated`` when there are too many to show."""

    complete: tuple[StreamRecord, ...]
    open: tuple[OpenStream, ...]
    truncated: bool = False


class UploadState(StrEnum):
    """Where one upload stands."""

    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"


class UploadView(Message):
    """One upload: ``entry`` is None while staging alone knows of it."""

    chunk_id: str
    rta_id: str
    state: UploadState
    size: int
    entry: ChunkEntry | None = None
