"""What activities take and give. Pure data: the workflow imports it, and so does its history."""

from __future__ import annotations

from pydantic import Field

from vibesflow.data_set.orders import Pairs
from vibesflow.data_set.state import BATCH_PIECES
from vibesflow.stream.chunk import ChunkRef, CompactMessage, Message
from vibesflow.stream.pins import Pin
from vibesflow.stream.placement import Copy, StoredPiece
from vibesflow.stream.records import ChunkRow, RowWrite, StreamRecord
from vibesflow.stream.sessions import Sessions
from vibesflow.stream.shelf import Shelf


class OpenStream(CompactMessage):
    """Create the stream's record, or load it. Without a creator nothing is created."""

    rta_id: str
    creator: str = ""
    at: str


class OpenedStream(Message):
    """The record as it stands, what has come so far, and how much of it is unconfirmed."""

    record: StreamRecord | None = None
    sessions: Sessions = Field(default_factory=Sessions)
    shelf: Shelf = Field(default_factory=Shelf)
    pin_after_s: float | None = None
    """How long a chunk may wait for Filecoin before it is pinned; None where it never is."""


class LoadRows(CompactMessage):
    """Read a page of rows of the wanted kinds: not stored yet, not confirmed yet, parked.

    ``after``: behind this row; ``since``: where the first one should be, if there is no ``after``.
    """

    rta_id: str
    after: str = ""
    since: str = ""
    received: bool = False
    stored: bool = False
    parked: bool = False


class LoadedRows(CompactMessage):
    """The rows, and after which key to go on; empty when the last row has been seen.

    ``found_none``: the look began at the first row and met none of the wanted kinds.
    """

    rows: tuple[ChunkRow, ...] = ()
    after: str = ""
    found_none: bool = False


class FindChunk(Message):
    """Ask the table for one chunk."""

    rta_id: str
    chunk_id: str


class FoundChunk(Message):
    """The row, or None."""

    row: ChunkRow | None = None


class StoreChunk(CompactMessage):
    """Bring the staged bytes of a chunk to a provider.

    ``urgent``: the stream is about to complete and waits for little else. ``opened_at_ms``: when
    the stream was opened; the chain keeps it with the piece. ``ordered``: copies that data sets
    were asked for already, before the bytes were lost or for a chunk with the same bytes; they
    count, for they may still be made.
    """

    chunk: ChunkRef
    preferred_provider: int | None = None
    urgent: bool = False
    opened_at_ms: int | None = None
    ordered: tuple[Copy, ...] = ()


class PinChunk(CompactMessage):
    """Bring the staged bytes of a chunk to the pinning service."""

    chunk: ChunkRef


class UnpinChunks(CompactMessage):
    """Let pins go whose chunks are on Filecoin."""

    pins: tuple[Pin, ...]


class PieceToPlace(CompactMessage):
    """A stored piece and the copies of it that are under way."""

    size: int
    stored: StoredPiece
    metadata: Pairs = ()


class PlaceCopies(CompactMessage):
    """Order the copies that pieces lack, and order again those that are not confirmed."""

    rta_id: str
    creator: str = ""
    pieces: tuple[PieceToPlace, ...]


class PlacedCopies(CompactMessage):
    """The pieces with every copy that is now under way."""

    pieces: tuple[StoredPiece, ...]


class DescribePlace(CompactMessage):
    """Look a data set's provider up, for the person who looks at its workflow."""

    provider_id: int
    scope: Pairs = ()


class BatchedPiece(CompactMessage):
    """A piece of a batch; ``source_url`` says where the provider can fetch it."""

    piece_cid: str
    source_url: str = ""
    metadata: Pairs = ()


class PullPieces(CompactMessage):
    """Have the provider fetch the pieces of a batch that it does not hold."""

    provider_id: int
    scope: Pairs = ()
    nonce: str
    pieces: tuple[BatchedPiece, ...] = Field(min_length=1, max_length=BATCH_PIECES)


class PulledPieces(CompactMessage):
    """The pieces that the provider could not fetch."""

    failed: tuple[str, ...] = ()


class CommitPieces(PullPieces):
    """Add the pieces to the data set at their provider, at most once for the nonce.

    ``since_ms``: when the first of them was ordered; 0 if that is not known.
    """

    since_ms: int = 0


class CommittedPieces(CompactMessage):
    """Where the chain put the pieces; ids are aligned with the request.

    Attributes:
        dropped: pieces that the provider does not hold any more; if there are any, nothing was
            committed.
    """

    data_set_id: int = 0
    piece_ids: tuple[int, ...] = ()
    tx_hash: str | None = None
    dropped: tuple[str, ...] = ()


class FindCommit(PullPieces):
    """Look on chain for a commit whose pieces were given back to their streams."""


class FoundCommit(CompactMessage):
    """What the chain says of it; without a data set, nothing.

    Attributes:
        piece_ids: by PieceCID.
        base_url: where the provider serves pieces; empty if it is not in the registry any more.
    """

    data_set_id: int | None = None
    piece_ids: dict[str, int] = Field(default_factory=dict)
    base_url: str = ""


class NameCopies(CompactMessage):
    """Have the rows of pieces name the copies that a late commit made."""

    provider_id: int
    pieces: tuple[BatchedPiece, ...]
    found: FoundCommit


class NamedCopies(CompactMessage):
    """The pieces whose rows cannot name their copy, or not yet."""

    unnamed: tuple[str, ...] = ()


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
    creator: str = ""
    version: int
    at: str
    preferred_provider: int | None = None


class PublishedDocument(Message):
    """Where the document is, and the ``rev`` of the stream that it was compiled from."""

    stored: StoredPiece
    size: int
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
