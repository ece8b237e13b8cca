"""What a stream says of itself while it runs."""

from __future__ import annotations

from enum import StrEnum

from vibesflow.stream.chunk import Message
from vibesflow.stream.placement import ProviderName


class StreamState(StrEnum):
    """Where a stream stands; also the value of its Temporal search attribute."""

    RECORDING = "recording"
    FINISHING = "finishing"
    COMPLETE = "complete"
    STALLED = "stalled"
    """Silent, and not one chunk could be stored: nothing to complete, bytes are kept."""


class ChunkPhase(StrEnum):
    """Where a chunk stands on its way."""

    RECEIVED = "received"
    STORED = "stored"
    COMMITTING = "committing"
    """The chain has some of its copies."""
    CONFIRMED = "confirmed"
    PARKED = "parked"


class ChunkView(Message):
    """One chunk as the running stream sees it."""

    chunk_id: str
    sequence: int
    session_started_at_ms: int
    started_at_ms: int = 0
    producer: str = ""
    phase: ChunkPhase
    size: int
    duration_ms: int = 0
    participants: int = 0
    piece_cid: str | None = None
    provider_id: int | None = None
    data_set_id: int | None = None
    piece_id: int | None = None
    ipfs_cid: str | None = None
    retrieval_url: str | None = None
    error: str | None = None
    is_final: bool = False


class ChunkPage(Message):
    """Chunks that the running stream still holds, in stream order."""

    chunks: tuple[ChunkView, ...]
    total: int
    offset: int = 0


class SessionGap(Message):
    """Sequence numbers of one session that have not come; long runs are cut at 100 numbers."""

    session_started_at_ms: int
    producer: str = ""
    missing: tuple[int, ...]
    missing_count: int


class StreamStatus(Message):
    """Answer of the workflow's ``status`` query.

    Counts are of this stream since its first run; ``received`` is the sum of the phases.
    ``providers`` are those that chunks went to lately; ``provider_id`` took the last one first.
    ``waiting_for`` is what only a person can change, too little money for instance.
    """

    rta_id: str
    creator: str
    state: StreamState
    received: int = 0
    stored: int = 0
    confirmed: int = 0
    parked: int = 0
    duplicates: int = 0
    missing: tuple[SessionGap, ...] = ()
    window_s: float
    last_receipt_at: str | None = None
    closes_at: str | None = None
    document_version: int = 0
    metadata_cid: str | None = None
    data_set_id: int | None = None
    provider_id: int | None = None
    providers: tuple[ProviderName, ...] = ()
    waiting_for: str | None = None
    last_error: str | None = None


class CompletionReply(Message):
    """Answer to "complete this stream now"."""

    state: StreamState
    already: bool = False
    document_version: int = 0
    metadata_cid: str | None = None
    chunks: int = 0
    total_duration_ms: int = 0
