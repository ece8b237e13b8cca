"""All that a running stream knows: carried through continue-as-new as one object."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, Field

from vibesflow.data_set.orders import CommitDelayed, PiecesCommitted
from vibesflow.stream.bounds import MOST_DOCUMENTS, MOST_EARLY, MOST_REASON, MOST_RELEASABLE
from vibesflow.stream.chunk import ChunkRef
from vibesflow.stream.documents import StoredDocument
from vibesflow.stream.ids import parse_chunk_id
from vibesflow.stream.meanwhile import Meanwhile
from vibesflow.stream.pins import Pin
from vibesflow.stream.placement import Providers, StoredPiece
from vibesflow.stream.records import ChunkRow, RowStatus, RowWrite, StreamRecord
from vibesflow.stream.sessions import Sessions
from vibesflow.stream.shelf import Shelf, is_parked
from vibesflow.stream.status import ChunkPhase
from vibesflow.stream.times import iso_utc
from vibesflow.stream.tracking import TrackedChunk

UNCONFIRMED = (ChunkPhase.STORED, ChunkPhase.COMMITTING)
"""Phases of chunks that a provider holds and the chain has not confirmed."""


class RtaState(BaseModel):
    """State of one stream and the transitions of its chunks.

    Attributes:
        inbox: chunks whose signals arrived and that have not been looked at.
        suspects: chunks whose sequence number came before under an id that is no longer in
            memory: a late copy, or other audio under the same number. The table decides.
        chunks: chunks on their way, by key; one leaves when its row says it is confirmed.
        shelf: how many wait in the table, for want of room here.
        settled: digest by key of the chunks that left during this run; not carried on.
        delays: why commits at a provider wait for a person, by provider.
        early: news of pieces whose storing has not ended yet.
        news_lost: some of them were dropped, so what is stored now has to be ordered again.
        refusals, postponed: refused copies, and orders put off, since the last confirmed one.
        documents: stored documents that wait for their commit.
        pin_after_s: how long a chunk may wait for Filecoin before it is pinned; None for never.
        pins_to_drop: second homes of chunks that are on Filecoin now.
        repair_at_ms: when pinned chunks are tried again.
        meanwhile: what was said of pieces while their copies were being ordered.
        releasable: staging keys whose bytes are confirmed on chain.
        revision: grows with every row written; ``completed_revision`` is its value at the last
            completion, so the two differ while the document is behind the rows.
        last_receipt_ms: epoch ms of the last signal; 0 for none since it was taken up again.
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
    meanwhile: Meanwhile = Field(default_factory=Meanwhile, exclude=True)
    shelf: Shelf = Field(default_factory=Shelf)
    settled: dict[str, str] = Field(default_factory=dict, exclude=True)
    sessions: Sessions = Field(default_factory=Sessions)
    delays: dict[int, str] = Field(default_factory=dict)
    refusals: int = 0
    postponed: int = 0
    early: list[PiecesCommitted] = Field(default_factory=list)
    news_lost: bool = False
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
    publishing: bool = False
    complete_requested: bool = False
    retry_requested: bool = False
    retry_keys: list[str] = Field(default_factory=list)
    pin_after_s: float | None = None
    pins_to_drop: list[Pin] = Field(default_factory=list)
    repair_at_ms: int | None = None
    data_set_id: int | None = None
    provider_id: int | None = None
    providers: Providers = Field(default_factory=Providers)
    last_error: str | None = None

    # --- receipt -------------------------------------------------------------------------

    def load(self, record: StreamRecord, sessions: Sessions, shelf: Shelf) -> None:
        """Take up a stream as the table has it; what an earlier run left is on the shelf."""
        self.opened, self.is_complete = True, record.is_complete
        self.creator, self.opened_at = record.creator, record.opened_at
        self.version, self.metadata_cid = record.document_version, record.metadata_cid
        self.received, self.confirmed = record.chunks, record.uploaded
        self.confirmed_ms = record.total_duration_ms
        self.revision = 0 if record.is_complete or not record.chunks else 1
        self.sessions = sessions
        if record.is_complete:
            self.sessions.close_finals()
        self.shelf = shelf

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
            elif self.sessions.may_have(
                chunk.session_started_at_ms, chunk.producer, chunk.sequence
            ):
                self.suspects.append(chunk)
            else:
                self.track(chunk)

    def track(self, chunk: ChunkRef) -> None:
        """Set a new chunk on its way."""
        self.creator = self.creator or chunk.creator
        self.chunks[chunk.key] = TrackedChunk(ref=chunk)
        self.received += 1
        self.sessions.receive(
            chunk.session_started_at_ms, chunk.producer, chunk.sequence, is_final=chunk.is_final
        )

    def resolve_suspect(self, chunk: ChunkRef, row: ChunkRow | None) -> None:
        """Decide about a suspect by the row that the table has for its id."""
        self.suspects.remove(chunk)
        if row is None:
            self.track(chunk)
            return
        if is_parked(row.status) and chunk.key not in self.chunks:
            self.shelf.take(row)
            self.chunks[chunk.key] = TrackedChunk.from_row(row)
        self._meet(chunk, row.sha256)
        if row.sha256 == chunk.sha256 and row.status is RowStatus.UPLOADED:
            self.release(chunk.staging_key)

    def _known_digest(self, key: str) -> str | None:
        if tracked := self.chunks.get(key):
            return tracked.ref.sha256
        # A suspect is asked about once; what comes again meanwhile must not overtake it.
        suspect = next((chunk for chunk in self.suspects if chunk.key == key), None)
        return suspect.sha256 if suspect else self.settled.get(key)

    def _meet(self, chunk: ChunkRef, known_sha256: str) -> None:
        if known_sha256 != chunk.sha256:
            self.last_error = f"{chunk.chunk_id} came again with other bytes; the first ones stand"
            return
        self.duplicates += 1
        tracked = self.chunks.get(chunk.key)
        if tracked and tracked.phase is ChunkPhase.PARKED:
            self.restart(tracked)

    def restart(self, chunk: TrackedChunk) -> None:
        """Have a chunk stored from its staged bytes, as if it had just come."""
        chunk.phase, chunk.stored = ChunkPhase.RECEIVED, None
        chunk.error, chunk.waits_since_ms = None, None
        chunk.restores, chunk.hopeless, chunk.unpinnable = 0, False, False

    # --- storing -------------------------------------------------------------------------

    def to_store(self) -> list[str]:
        """Keys of the chunks that wait to be stored, oldest first."""
        return [key for key, c in self.chunks.items() if c.phase is ChunkPhase.RECEIVED]

    def is_ending(self, chunk: ChunkRef) -> bool:
        """Nothing later than this chunk's session is expected, so haste helps its completion."""
        session = self.sessions.of(chunk.session_started_at_ms, chunk.producer)
        return self.complete_requested or session.final_sequence is not None

    def note_stored(self, key: str, piece: StoredPiece, *, now_ms: int) -> None:
        """A provider holds the chunk's bytes, and its copies are ordered."""
        self.provider_id = piece.copies[0].provider_id
        if (chunk := self.chunks.get(key)) is None:
            return  # shelved meanwhile; it will be stored again, which finds what is there
        chunk.stored, chunk.phase, chunk.error = piece, ChunkPhase.STORED, None
        chunk.left = None
        chunk.unordered = self.news_lost
        self.apply_news(now_ms=now_ms)

    def park(self, key: str, reason: str, *, hopeless: bool = False) -> None:
        """Give up on a chunk for now, or because its bytes can never be stored; they are kept."""
        if (chunk := self.chunks.get(key)) is None:
            return
        chunk.phase, chunk.error = ChunkPhase.PARKED, reason[:MOST_REASON]
        chunk.hopeless, chunk.unpinnable = hopeless, False
        self.last_error = f"{chunk.ref.chunk_id}: {reason}"

    def to_place(self) -> list[TrackedChunk | StoredDocument]:
        """What is stored and has fewer copies ordered than wanted."""
        chunks = [
            c
            for c in self.chunks.values()
            if c.stored and c.phase in UNCONFIRMED and (c.unordered or c.stored.lacks_copies)
        ]
        return [*chunks, *(d for d in self.documents if d.unordered or d.stored.lacks_copies)]

    def under_way(self) -> set[str]:
        """PieceCIDs whose copies were ordered and are not all confirmed."""
        waiting: list[TrackedChunk | StoredDocument] = [
            c for c in self.chunks.values() if c.phase in UNCONFIRMED
        ]
        return {
            item.stored.piece_cid
            for item in [*waiting, *self.documents]
            if item.stored and not item.unordered
        }

    def note_placed(
        self, placed: Mapping[str, StoredPiece], *, now_ms: int, keeping: bool = True
    ) -> None:
        """Copies were ordered; what was heard, or ordered besides, meanwhile is kept.

        Without ``keeping``, the answer replaces copies that it does not know of, as it once did.
        """
        self.meanwhile.end()
        for item in self.stored_items():
            piece = placed.get(item.stored.piece_cid) if item.stored else None
            if piece is not None and item.stored is not None:
                before, item.stored = item.stored.copies, piece.model_copy(deep=True)
                for copy in before:
                    if copy.is_confirmed:
                        item.stored.take(copy)
                if keeping:
                    item.stored.copies += item.stored.besides(before)
                item.unordered = piece.piece_cid in self.meanwhile.unsure
        self.apply_news(now_ms=now_ms)

    # --- committing ----------------------------------------------------------------------

    def note_committed(self, news: PiecesCommitted, *, now_ms: int) -> None:
        """The chain has copies at a provider; the same news may come twice."""
        self.refusals = self.postponed = 0
        self.delays.pop(news.provider_id, None)
        self.data_set_id = news.data_set_id
        self.early.append(news)
        self.apply_news(now_ms=now_ms)

    def apply_news(self, *, now_ms: int) -> None:
        """Confirm what the news speak of; they may come before the step that stored it ends."""
        for news in self.early:
            for item in self.stored_items():
                piece_id = news.pieces.get(item.stored.piece_cid) if item.stored else None
                if piece_id is not None and item.stored is not None:
                    item.stored.note_committed(
                        news.provider_id, news.data_set_id, piece_id, base_url=news.base_url
                    )
        if not self.count(ChunkPhase.RECEIVED) and not self.publishing:
            self.early.clear()
            self.news_lost = False
        while sum(len(news.pieces) for news in self.early) > MOST_EARLY:
            self.early.pop(0)
            self.news_lost = True
        for chunk in self.chunks.values():
            if chunk.stored and chunk.phase in UNCONFIRMED and not chunk.unordered:
                self._confirm(chunk, chunk.stored, now_ms)
        self.documents = [d for d in self.documents if not d.stored.is_safe]

    def note_delayed(self, news: CommitDelayed) -> None:
        """Commits at a provider wait for a person."""
        self.delays[news.provider_id] = news.reason[:MOST_REASON]

    def _confirm(self, chunk: TrackedChunk, stored: StoredPiece, now_ms: int) -> None:
        if stored.is_safe:
            chunk.phase, chunk.confirmed_at_ms = ChunkPhase.CONFIRMED, now_ms
            self.confirmed += 1
            self.confirmed_ms += chunk.duration_ms
        elif stored.confirmed:
            chunk.phase = ChunkPhase.COMMITTING

    def stored_items(self) -> list[TrackedChunk | StoredDocument]:
        """All that was stored, or will be, and has not left."""
        return [*self.chunks.values(), *self.documents]

    # --- rows ----------------------------------------------------------------------------

    def rows_to_write(self, *, limit: int, unconfirmed_too: bool, now_ms: int) -> list[RowWrite]:
        """Spell the rows that are behind their chunks, in stream order."""
        behind = []
        for chunk in sorted(self.chunks.values(), key=lambda c: c.order):
            due = chunk.row_due(unconfirmed_too=unconfirmed_too)
            if due is not None:
                row = chunk.to_row(due, written_at=iso_utc(now_ms))
                behind.append(RowWrite(row=row, previous=chunk.row))
        return behind[:limit]

    def oldest_confirmation_ms(self, now_ms: int) -> int:
        """When the confirmed chunk that has waited longest for its row was confirmed."""
        waiting = (c.confirmed_at_ms for c in self.chunks.values() if c.confirmed_at_ms)
        return min(waiting, default=now_ms)

    def note_written(self, writes: list[RowWrite], rejected: Mapping[str, str]) -> None:
        """Rows stand; chunks that are confirmed leave, and their bytes may go.

        ``rejected`` has reasons by chunk id where the table holds other content under the key:
        the first one stands, and the bytes of the rejected chunk stay in staging.
        """
        self.revision += 1
        for write in writes:
            key = parse_chunk_id(write.row.chunk_id).key
            chunk = self.chunks[key]
            chunk.row, chunk.row_has_piece = write.row.status, write.row.piece_cid is not None
            if reason := rejected.get(write.row.chunk_id):
                del self.chunks[key]
                self.last_error = f"{write.row.chunk_id}: {reason}; its bytes stay in staging"
            elif chunk.row is RowStatus.UPLOADED:
                del self.chunks[key]
                self.settled[key] = chunk.ref.sha256
                self.pins_to_drop += [chunk.pin] if chunk.pin else []
                self.release(chunk.ref.staging_key)

    def release(self, staging_key: str) -> None:
        """Note bytes that are no longer needed in staging; the audit finds what is beyond."""
        if len(self.releasable) < MOST_RELEASABLE:
            self.releasable.append(staging_key)

    # --- completion ----------------------------------------------------------------------

    def note_completed(self, document: StoredDocument, *, revision: int, now_ms: int) -> None:
        """The table says that version stands, compiled from the rows of ``revision``."""
        self.is_complete, self.version = True, document.version
        self.metadata_cid = document.stored.piece_cid
        self.completed_revision = revision
        document.unordered = self.news_lost
        self.documents = [*self.documents[1 - MOST_DOCUMENTS :], document]
        self.apply_news(now_ms=now_ms)
        self.sessions.close_finals()
        self.complete_requested, self.finishing_since_ms = False, None

    # --- counts --------------------------------------------------------------------------

    def count(self, *phases: ChunkPhase) -> int:
        """How many chunks on their way are in one of the phases."""
        return sum(chunk.phase in phases for chunk in self.chunks.values())

    @property
    def is_storing(self) -> bool:
        """A received chunk has not been stored or parked yet."""
        waiting = self.shelf.received + self.shelf.recalled + self.count(ChunkPhase.RECEIVED)
        return bool(self.inbox or self.suspects or waiting)

    @property
    def unconfirmed(self) -> int:
        """Chunks that a provider holds and the chain has not confirmed."""
        return self.count(*UNCONFIRMED) + self.shelf.stored

    @property
    def parked(self) -> int:
        """Chunks that were given up for now."""
        return self.count(ChunkPhase.PARKED) + self.shelf.parked

    @property
    def has_pieces(self) -> bool:
        """At least one chunk of the stream has a PieceCID."""
        return self.confirmed + self.shelf.stored > 0 or any(c.stored for c in self.chunks.values())

    @property
    def has_changed(self) -> bool:
        """Rows were written since the last completion."""
        return self.revision != self.completed_revision
