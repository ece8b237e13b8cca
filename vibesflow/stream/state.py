"""All that a running stream knows: carried through continue-as-new as one object."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pydantic import BaseModel, Field

from vibesflow.stream.chunk import ChunkRef
from vibesflow.stream.commits import BATCH_PIECES, CommitBatch, StoredDocument
from vibesflow.stream.ids import parse_chunk_id
from vibesflow.stream.records import ChunkRow, RowStatus, RowWrite, StreamRecord
from vibesflow.stream.sessions import Session, Sessions
from vibesflow.stream.status import ChunkPhase
from vibesflow.stream.times import iso_utc
from vibesflow.stream.tracking import StoredPiece, TrackedChunk

MOST_RESTORES = 3
"""A piece whose commit is refused is stored again at most this often before it is parked."""


class RtaState(BaseModel):
    """State of one stream and the transitions of its chunks.

    Attributes:
        inbox: chunks whose signals arrived and that have not been looked at.
        suspects: chunks whose sequence number came before under an id that is no longer in
            memory: a late copy, or other audio under the same number. The table decides.
        chunks: chunks on their way, by key; one leaves when its row says it is confirmed.
        settled: digest by key of the chunks that left during this run; not carried on.
        commits: batches that may have been sent, by provider; they survive this run.
        documents: stored documents that wait for their commit.
        releasable: staging keys whose bytes are confirmed on chain.
        revision: grows with every row written; ``completed_revision`` is its value at the last
            completion, so the two differ while the document is behind the rows.
        last_receipt_ms: epoch ms of the last signal; 0 when none came since the stream was
            taken up again.
        finishing_since_ms: when the stream was found due; None while it records.
    """

    rta_id: str
    creator: str = ""
    opened: bool = False
    opened_at: str = ""
    is_complete: bool = False
    version: int = 0
    metadata_cid: str | None = None
    inbox: list[ChunkRef] = Field(default_factory=list)
    suspects: list[ChunkRef] = Field(default_factory=list)
    chunks: dict[str, TrackedChunk] = Field(default_factory=dict)
    settled: dict[str, str] = Field(default_factory=dict, exclude=True)
    sessions: Sessions = Field(default_factory=Sessions)
    commits: dict[int, CommitBatch] = Field(default_factory=dict)
    documents: list[StoredDocument] = Field(default_factory=list)
    releasable: list[str] = Field(default_factory=list)
    received: int = 0
    confirmed: int = 0
    confirmed_ms: int = 0
    duplicates: int = 0
    revision: int = 0
    completed_revision: int = 0
    last_receipt_ms: int = 0
    finishing_since_ms: int | None = None
    document_restores: int = 0
    complete_requested: bool = False
    retry_requested: bool = False
    data_set_id: int | None = None
    provider_id: int | None = None
    last_error: str | None = None

    # --- receipt -------------------------------------------------------------------------

    def load(self, record: StreamRecord, sessions: Sessions, rows: Iterable[ChunkRow]) -> None:
        """Take up a stream as the table has it, with what an earlier run left unconfirmed."""
        self.opened, self.is_complete = True, record.is_complete
        self.creator, self.opened_at = record.creator, record.opened_at
        self.version, self.metadata_cid = record.document_version, record.metadata_cid
        self.received, self.confirmed = record.chunks, record.uploaded
        self.confirmed_ms = record.total_duration_ms
        self.revision = 0 if record.is_complete or not record.chunks else 1
        self.sessions = sessions
        if record.is_complete:
            self.sessions.close_finals()
        for row in rows:
            chunk = TrackedChunk.from_row(row)
            self.chunks[chunk.ref.key] = chunk

    def take(self, chunk: ChunkRef, *, now_ms: int) -> None:
        """Note a signal: nothing is decided here, so nothing can go wrong."""
        self.inbox.append(chunk)
        self.last_receipt_ms = now_ms
        self.finishing_since_ms = None

    def admit_inbox(self) -> None:
        """Look at every signal: new, doubled, in conflict, or to be asked of the table."""
        waiting, self.inbox = self.inbox, []
        for chunk in waiting:
            known = self._known_digest(chunk.key)
            if known is not None:
                self._meet(chunk, known)
            elif chunk.sequence in self._session(chunk).received:
                self.suspects.append(chunk)
            else:
                self.track(chunk)

    def track(self, chunk: ChunkRef) -> None:
        """Set a new chunk on its way."""
        self.creator = self.creator or chunk.creator
        self.chunks[chunk.key] = TrackedChunk(ref=chunk)
        self.received += 1
        self._session(chunk).receive(chunk.sequence, is_final=chunk.is_final)

    def resolve_suspect(self, chunk: ChunkRef, row: ChunkRow | None) -> None:
        """Decide about a suspect by the row that the table has for its id."""
        self.suspects.remove(chunk)
        if row is None:
            self.track(chunk)
            return
        self._meet(chunk, row.sha256)
        if row.sha256 == chunk.sha256 and row.status is RowStatus.UPLOADED:
            self.releasable.append(chunk.staging_key)

    def retry_parked(self) -> None:
        """Set every parked chunk on its way again, if somebody asked for it."""
        if not self.retry_requested:
            return
        self.retry_requested = False
        for chunk in self.chunks.values():
            if chunk.phase is ChunkPhase.PARKED:
                self._restart(chunk)

    def _known_digest(self, key: str) -> str | None:
        tracked = self.chunks.get(key)
        return tracked.ref.sha256 if tracked else self.settled.get(key)

    def _meet(self, chunk: ChunkRef, known_sha256: str) -> None:
        if known_sha256 != chunk.sha256:
            self.last_error = f"{chunk.chunk_id} came again with other bytes; the first ones stand"
            return
        self.duplicates += 1
        tracked = self.chunks.get(chunk.key)
        if tracked and tracked.phase is ChunkPhase.PARKED:
            self._restart(tracked)

    def _restart(self, chunk: TrackedChunk) -> None:
        chunk.phase = ChunkPhase.STORED if chunk.stored else ChunkPhase.RECEIVED
        chunk.error = None
        chunk.restores = 0

    def _session(self, chunk: ChunkRef) -> Session:
        return self.sessions.of(chunk.session_started_at_ms, chunk.producer)

    # --- storing -------------------------------------------------------------------------

    def to_store(self) -> list[str]:
        """Keys of the chunks that wait to be stored, oldest first."""
        return [key for key, c in self.chunks.items() if c.phase is ChunkPhase.RECEIVED]

    def note_stored(self, key: str, piece: StoredPiece) -> None:
        """A provider holds the chunk's bytes."""
        chunk = self.chunks[key]
        chunk.stored, chunk.phase, chunk.error = piece, ChunkPhase.STORED, None
        self.provider_id = piece.provider_id

    def park(self, key: str, reason: str) -> None:
        """Give up on a chunk for now; its bytes are kept."""
        chunk = self.chunks[key]
        chunk.phase, chunk.error = ChunkPhase.PARKED, reason
        self.last_error = f"{chunk.ref.chunk_id}: {reason}"

    # --- committing ----------------------------------------------------------------------

    def next_batch(self, nonce: str) -> CommitBatch | None:
        """Form the next commit of a provider that has none in flight, or return None.

        A PieceCID is named once however many chunks share it (silence does).
        """
        for provider_id, pieces in self._uncommitted().items():
            if provider_id not in self.commits:
                batch = CommitBatch(
                    provider_id=provider_id, nonce=nonce, pieces=pieces[:BATCH_PIECES]
                )
                self.commits[provider_id] = batch
                for chunk in self._of_batch(batch):
                    chunk.phase = ChunkPhase.COMMITTING
                return batch
        return None

    def note_committed(
        self, batch: CommitBatch, data_set_id: int, piece_ids: list[int], *, now_ms: int
    ) -> None:
        """The chain has confirmed a batch; ``piece_ids`` are aligned with its pieces."""
        ids = dict(zip(batch.pieces, piece_ids, strict=True))
        for chunk in self._of_batch(batch):
            chunk.data_set_id, chunk.piece_id = data_set_id, ids[chunk.piece_cid or ""]
            chunk.phase, chunk.confirmed_at_ms = ChunkPhase.CONFIRMED, now_ms
            self.confirmed += 1
            self.confirmed_ms += chunk.duration_ms
        self.documents = [d for d in self.documents if not _in_batch(d, batch)]
        self.data_set_id = data_set_id
        del self.commits[batch.provider_id]

    def note_refused(self, batch: CommitBatch, reason: str) -> None:
        """A commit can never succeed as it is: store its chunks again, or park them."""
        for chunk in self._of_batch(batch):
            chunk.restores += 1
            chunk.stored, chunk.phase = None, ChunkPhase.RECEIVED
            if chunk.restores > MOST_RESTORES:
                self.park(chunk.ref.key, reason)
        self._drop_documents(batch)
        self.last_error = f"commit refused: {reason}"
        del self.commits[batch.provider_id]

    def _drop_documents(self, batch: CommitBatch) -> None:
        kept = [d for d in self.documents if not _in_batch(d, batch)]
        if len(kept) < len(self.documents):
            self.document_restores += 1
            if self.document_restores <= MOST_RESTORES:
                self.revision += 1  # the document is published and stored anew
        self.documents = kept

    def _uncommitted(self) -> dict[int, list[str]]:
        by_provider: dict[int, dict[str, None]] = {}
        stored = [c.stored for c in self.chunks.values() if c.phase is ChunkPhase.STORED]
        for piece in [*stored, *self.documents]:
            if piece is not None:
                by_provider.setdefault(piece.provider_id, {})[piece.piece_cid] = None
        return {provider_id: list(pieces) for provider_id, pieces in by_provider.items()}

    def _of_batch(self, batch: CommitBatch) -> list[TrackedChunk]:
        return [
            c
            for c in self.chunks.values()
            if c.phase in (ChunkPhase.STORED, ChunkPhase.COMMITTING) and _in_batch(c.stored, batch)
        ]

    # --- rows ----------------------------------------------------------------------------

    def rows_to_write(self, *, limit: int, unconfirmed_too: bool, now_ms: int) -> list[RowWrite]:
        """Spell the rows that are behind their chunks, in stream order."""
        behind = []
        for chunk in sorted(self.chunks.values(), key=lambda c: c.order):
            deserved = chunk.deserved_row(unconfirmed_too=unconfirmed_too)
            if deserved is not None and deserved is not chunk.row:
                row = chunk.to_row(deserved, written_at=iso_utc(now_ms))
                behind.append(RowWrite(row=row, previous=chunk.row))
        return behind[:limit]

    def oldest_confirmation_ms(self, now_ms: int) -> int:
        """When the confirmed chunk that has waited longest for its row was confirmed."""
        waiting = (c.confirmed_at_ms for c in self.chunks.values() if c.confirmed_at_ms)
        return min(waiting, default=now_ms)

    def note_written(self, writes: list[RowWrite], rejected: Mapping[str, str]) -> None:
        """Rows stand; chunks that are confirmed leave, and their bytes may go.

        Args:
            writes: what was to be written.
            rejected: reason by chunk id where the table holds other content under the key. The
                first one stands; the bytes of the rejected chunk stay in staging.
        """
        self.revision += 1
        for write in writes:
            key = parse_chunk_id(write.row.chunk_id).key
            chunk = self.chunks[key]
            chunk.row = write.row.status
            if reason := rejected.get(write.row.chunk_id):
                del self.chunks[key]
                self.last_error = f"{write.row.chunk_id}: {reason}; its bytes stay in staging"
            elif chunk.row is RowStatus.UPLOADED:
                del self.chunks[key]
                self.settled[key] = chunk.ref.sha256
                self.releasable.append(chunk.ref.staging_key)

    # --- completion ----------------------------------------------------------------------

    def note_completed(self, document: StoredDocument, *, revision: int) -> None:
        """The table says that version stands, compiled from the rows of ``revision``."""
        self.is_complete, self.version = True, document.version
        self.metadata_cid = document.piece_cid
        self.completed_revision = revision
        self.documents.append(document)
        self.sessions.close_finals()
        self.complete_requested, self.finishing_since_ms = False, None

    # --- counts --------------------------------------------------------------------------

    def count(self, *phases: ChunkPhase) -> int:
        """How many chunks on their way are in one of the phases."""
        return sum(chunk.phase in phases for chunk in self.chunks.values())

    @property
    def is_storing(self) -> bool:
        """A received chunk has not been stored or parked yet."""
        return bool(self.inbox or self.suspects or self.count(ChunkPhase.RECEIVED))

    @property
    def unconfirmed(self) -> int:
        """Chunks that a provider holds and the chain has not confirmed."""
        return self.count(ChunkPhase.STORED, ChunkPhase.COMMITTING)

    @property
    def has_pieces(self) -> bool:
        """At least one chunk of the stream has a PieceCID."""
        return self.confirmed > 0 or any(c.stored for c in self.chunks.values())

    @property
    def has_changed(self) -> bool:
        """Rows were written since the last completion."""
        return self.revision != self.completed_revision


def _in_batch(piece: StoredPiece | StoredDocument | None, batch: CommitBatch) -> bool:
    return (
        piece is not None
        and piece.provider_id == batch.provider_id
        and piece.piece_cid in batch.pieces
    )
