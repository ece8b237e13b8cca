"""What activities take and give. Pure data: the workflow imports it, and so does its history."""

from __future__ import annotations

from pydantic import Field

from vibesflow.stream.chunk import ChunkRef, CompactMessage, Message
from vibesflow.stream.commits import BATCH_PIECES
from vibesflow.stream.records import ChunkRow, RowWrite, StreamRecord
from vibesflow.stream.sessions import Sessions
from vibesflow.stream.tracking import StoredPiece

__all__ = [
    "AppendChunks",
    "AppendedChunks",
    "CommitPieces",
    "CommittedPieces",
    "CompleteStream",
    "CompletedStream",
    "FindChunk",
    "FoundChunk",
    "OpenStream",
    "OpenedStream",
    "PublishDocument",
    "PublishedDocument",
    "RejectedRow",
    "ReleaseStaged",
    "ReleasedStaged",
    "StoreChunk",
    "StoredPiece",
]


class OpenStream(CompactMessage):
    """Create the stream's record, or load it. Without a creator nothing is created."""

    rta_id: str
    creator: str = ""
    at: str


class OpenedStream(Message):
    """The record as it stands, what has come so far, and what was left unconfirmed."""

    record: StreamRecord | None = None
    sessions: Sessions = Field(default_factory=Sessions)
    unconfirmed: tuple[ChunkRow, ...] = ()


class FindChunk(Message):
    """Ask the table for one chunk."""

    rta_id: str
    chunk_id: str


class FoundChunk(Message):
    """The row, or None."""

    row: ChunkRow | None = None


class StoreChunk(CompactMessage):
    """Bring the staged bytes of a chunk to a provider."""

    chunk: ChunkRef
    preferred_provider: int | None = None


class CommitPieces(CompactMessage):
    """Add stored pieces to the data set at their provider, at most once for the nonce."""

    provider_id: int
    nonce: str
    pieces: tuple[str, ...] = Field(min_length=1, max_length=BATCH_PIECES)


class CommittedPieces(CompactMessage):
    """Where the chain put the pieces; ids are aligned with the request."""

    data_set_id: int
    piece_ids: tuple[int, ...]
    tx_hash: str | None = None


class AppendChunks(Message):
    """Write rows and counters. ``reopen_version``: the stream completed as this one; reopen it."""

    rta_id: str
    writes: tuple[RowWrite, ...]
    reopen_version: int | None = None
    at: str


class RejectedRow(Message):
    """A row that stands with other content."""

    chunk_id: str
    reason: str


class AppendedChunks(CompactMessage):
    """The rows stand, but for the rejected ones."""

    rejected: tuple[RejectedRow, ...] = ()


class PublishDocument(CompactMessage):
    """Compile the document of a version from the table's rows and store it."""

    rta_id: str
    version: int
    at: str
    preferred_provider: int | None = None


class PublishedDocument(Message):
    """Where the document is, and the ``rev`` of the stream that it was compiled from."""

    piece_cid: str
    provider_id: int
    storage_provider: str = ""
    rev: int


class CompleteStream(CompactMessage):
    """Make the stream complete as a version, exactly once."""

    rta_id: str
    version: int
    rev: int
    metadata_cid: str
    storage_provider: str = ""
    at: str


class CompletedStream(Message):
    """What readers see now."""

    version: int
    chunks: int
    total_duration_ms: int


class ReleaseStaged(Message):
    """Delete staged bytes whose copies are confirmed."""

    keys: tuple[str, ...]


class ReleasedStaged(Message):
    """How many keys were released."""

    count: int
