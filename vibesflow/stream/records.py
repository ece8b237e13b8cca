"""What the ledger keeps of a stream, in the words of the code.

The table's own words live in `vibesflow.ledger`.
"""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field, field_serializer

from vibesflow.stream.chunk import CompactMessage, Message


class RowStatus(StrEnum):
    """Status of a chunk row, as old clients and the table spell it."""

    PROCESSING = "processing"
    """Stored with a provider, not confirmed on chain."""
    UPLOADED = "uploaded"
    """Confirmed on chain."""
    FAILED = "failed"
    """Parked: the bytes are kept in staging."""
    PINNED = "pinned"
    """Not on Filecoin yet, and on IPFS meanwhile; the bytes are kept in staging as well."""

    @property
    def waits_for_filecoin(self) -> bool:
        """Storing it was given up for now, or takes so long that it has a second home."""
        return self in (RowStatus.FAILED, RowStatus.PINNED)


class RowCopy(Message):
    """One confirmed copy of a chunk's piece."""

    provider_id: int
    base_url: str
    data_set_id: int
    piece_id: int


class ChunkRow(Message):
    """One chunk as readers see it.

    Attributes:
        chunk_id: as the client spelled it; the row's key is computed from it alone.
        status: see `RowStatus`.
        piece_cid: PieceCID v2 text, or None while the chunk has none.
        provider_id: registry id of the provider that holds the piece.
        data_set_id: on-chain data set of the piece.
        piece_id: the piece's id in its data set.
        retrieval_url: where a reader gets the bytes: from a provider, or a gateway of IPFS.
        ipfs_cid: CID of the bytes on IPFS, while the row is ``pinned``.
        pin_id: the pinning service's name for them.
        copies: every confirmed copy, that of ``provider_id`` first.
        written_at: ISO 8601 UTC time of the row's last write, given by the caller.
        error: plain reason, for a parked chunk.
        staging_key: where the bytes wait while the row is not ``uploaded``.
        ordered: the copies under way while it is ``processing``, as JSON of `Copy`s, so that
            taking the chunk up again orders the same ones.
    """

    rta_id: str
    chunk_id: str
    status: RowStatus
    sequence: int
    session_started_at_ms: int
    started_at_ms: int
    producer: str = ""
    creator: str
    participants: int = 0
    duration_ms: int = 0
    size: int
    sha256: str
    content_type: str = "audio/webm"
    is_final: bool = False
    piece_cid: str | None = None
    provider_id: int | None = None
    data_set_id: int | None = None
    piece_id: int | None = None
    retrieval_url: str | None = None
    ipfs_cid: str | None = None
    pin_id: str | None = None
    copies: tuple[RowCopy, ...] = ()
    written_at: str
    error: str | None = None
    staging_key: str | None = None
    ordered: str | None = None

    @property
    def confirmed_copies(self) -> tuple[RowCopy, ...]:
        """The copies that the chain has; rows of old say only where the first one is."""
        url, data_set_id, piece_id = self.retrieval_url, self.data_set_id, self.piece_id
        if self.copies or not url or self.provider_id is None:
            return self.copies
        if data_set_id is None or piece_id is None or self.piece_cid is None:
            return ()
        first = RowCopy(
            provider_id=self.provider_id,
            base_url=url.removesuffix(self.piece_cid),
            data_set_id=data_set_id,
            piece_id=piece_id,
        )
        return (first,)


class RowWrite(CompactMessage):
    """A row to write, and the status the writer believes it has now (None: no row yet)."""

    row: ChunkRow
    previous: RowStatus | None = None

    @field_serializer("row")
    def _short_row(self, row: ChunkRow) -> dict[str, object]:
        return row.model_dump(exclude_defaults=True)

    @property
    def parks(self) -> bool:
        """It makes the stream one with parked chunks."""
        return self.row.status.waits_for_filecoin

    @property
    def unparks(self) -> bool:
        """It may make the stream one without parked chunks."""
        return bool(self.previous and self.previous.waits_for_filecoin) and not self.parks


class StreamOpening(Message):
    """What is known of a stream at its first chunk."""

    rta_id: str
    creator: str
    opened_at: str
    """ISO 8601 UTC."""


class StreamRecord(Message):
    """The summary item of a stream.

    Attributes:
        chunks: rows of any status; ``uploaded``, ``failed`` and ``pinned`` are parts of it.
        total_bytes: sum over the rows that have a PieceCID, as is ``total_duration_ms``.
        rev: grows by one with every write to the stream.
        document_version: 0 until the first completion.
        detail_rev: ``rev`` of the snapshot that the newest version refers to.
        metadata_cid: PieceCID of the newest document.
        audited_at, audit_result: when the stream was audited last, and how it came out.
    """

    rta_id: str
    creator: str
    opened_at: str
    is_complete: bool = False
    chunks: int = 0
    uploaded: int = 0
    failed: int = 0
    pinned: int = 0
    total_bytes: int = 0
    total_duration_ms: int = 0
    rev: int = 0
    document_version: int = 0
    detail_rev: int | None = None
    metadata_cid: str | None = None
    completed_at: str | None = None
    data_set_id: str | None = None
    storage_provider: str | None = None
    first_chunk_url: str | None = None
    last_chunk_url: str | None = None
    filcdn_base: str | None = None
    audited_at: str | None = None
    audit_result: str | None = None


class ChunkDetail(Message):
    """One chunk in a completed stream's snapshot: what a list reply shows of it."""

    chunk_id: str
    piece_cid: str
    size: int
    piece_id: int | None = None
    data_set_id: int | None = None
    url: str | None = None
    duration_ms: int = 0
    participants: int = 0
    owner: str = ""
    sequence: int = 0
    is_final: bool = False


class Completion(Message):
    """Everything that one completion writes.

    Attributes:
        version: the document version to reach; exactly one more than the stream has.
        rev: the stream's ``rev`` that the document was compiled from.
        details: the snapshot, in the stream's order.
        completed_at: ISO 8601 UTC, given by the workflow.
    """

    rta_id: str
    version: int = Field(ge=1)
    rev: int
    metadata_cid: str
    completed_at: str
    details: tuple[ChunkDetail, ...]
    data_set_id: str | None = None
    storage_provider: str | None = None
    filcdn_base: str | None = None


class StreamPage(Message):
    """One page of streams, newest first, and the cursor of the next (None: this was the last)."""

    streams: tuple[StreamRecord, ...]
    next_cursor: str | None = None


class CopyMove(Message):
    """Where the copies of a confirmed chunk are now; the first one is where readers are sent.

    ``before``: the copies that the row must still name; None if they do not matter.
    """

    chunk_id: str
    piece_cid: str
    copies: tuple[RowCopy, ...] = Field(min_length=1)
    before: tuple[RowCopy, ...] | None = None


class Relisting(Message):
    """What lists shall show of a completed stream whose copies have moved.

    Attributes:
        rev: the stream's ``rev`` at which the details were read.
    """

    rta_id: str
    rev: int
    details: tuple[ChunkDetail, ...]
    data_set_id: str | None = None
    filcdn_base: str | None = None


class AuditMark(Message):
    """How a stream's audit came out; ``result`` is one of `vibesflow.audit.report.StreamHealth`."""

    rta_id: str
    at: str
    result: str
