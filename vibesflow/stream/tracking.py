"""A chunk that is on its way, and the row it deserves."""

from __future__ import annotations

from pydantic import BaseModel, TypeAdapter

from vibesflow.stream.chunk import ChunkRef
from vibesflow.stream.pins import Pin
from vibesflow.stream.placement import Copy, StoredPiece
from vibesflow.stream.records import ChunkRow, RowCopy, RowStatus
from vibesflow.stream.status import ChunkPhase, ChunkView

_COPIES = TypeAdapter(list[Copy])


class TrackedChunk(BaseModel):
    """A chunk from receipt until its row says it is confirmed (parked ones stay).

    Attributes:
        row: status of the row as last written; None while it has none.
        row_has_piece: that row names the PieceCID.
        restores: how often it had to be stored again after every provider refused it.
        pin: its second home while Filecoin does not have it.
        hopeless: its bytes can never be stored, so no second home is worth having.
        unpinnable: the pinning service would not have it.
        waits_since_ms: when it was first seen waiting to be stored.
        unordered: it was taken up from its row, so its copies have to be ordered again.
        left: the piece whose bytes were lost, with the copies that data sets may still make once
            it is stored again.
    """

    ref: ChunkRef
    phase: ChunkPhase = ChunkPhase.RECEIVED
    stored: StoredPiece | None = None
    confirmed_at_ms: int | None = None
    error: str | None = None
    row: RowStatus | None = None
    row_has_piece: bool = False
    restores: int = 0
    unordered: bool = False
    pin: Pin | None = None
    hopeless: bool = False
    unpinnable: bool = False
    waits_since_ms: int | None = None
    left: StoredPiece | None = None

    @property
    def order(self) -> tuple[int, str, int, int]:
        """Place in the stream: session start, producer, sequence, time (design rule 7)."""
        ref = self.ref
        return ref.session_started_at_ms, ref.producer, ref.sequence, ref.started_at_ms

    @property
    def piece_cid(self) -> str | None:
        """PieceCID of the stored bytes, or None."""
        return self.stored.piece_cid if self.stored else None

    @property
    def duration_ms(self) -> int:
        """Length of the audio: as the sender said, else as measured."""
        return self.ref.duration_ms or (self.stored.duration_ms if self.stored else 0)

    def deserved_row(self, *, unconfirmed_too: bool) -> RowStatus | None:
        """Return the status that the row should have by now, None for no row yet.

        Args:
            unconfirmed_too: the stream completes without waiting longer, so a stored chunk gets
                its row before the chain has confirmed it (design rule 5).
        """
        if self.phase is ChunkPhase.CONFIRMED:
            return RowStatus.UPLOADED
        if self.pin and self.phase in (ChunkPhase.PARKED, ChunkPhase.RECEIVED):
            return RowStatus.PINNED
        if self.phase is ChunkPhase.PARKED:
            return RowStatus.FAILED
        if self.phase is ChunkPhase.RECEIVED or not unconfirmed_too:
            return self.row
        return RowStatus.PROCESSING

    def row_due(self, *, unconfirmed_too: bool) -> RowStatus | None:
        """Return the status to write now, None while the row is as it should be."""
        deserved = self.deserved_row(unconfirmed_too=unconfirmed_too)
        if deserved is None or self.has_row(deserved):
            return None
        return deserved if deserved is not self.row or unconfirmed_too else None

    def has_row(self, status: RowStatus) -> bool:
        """Tell whether the row has this status and names the piece if there is one."""
        return self.row is status and (
            status is not RowStatus.PROCESSING or self.row_has_piece == (self.stored is not None)
        )

    def to_row(self, status: RowStatus, *, written_at: str) -> ChunkRow:
        """Spell the chunk as a row of the given status."""
        stored = self.stored
        pin = self.pin if status is RowStatus.PINNED else None
        url = pin.url if pin else None
        return ChunkRow(
            **self.ref.model_dump(exclude={"duration_ms", "staging_key"}),
            status=status,
            duration_ms=self.duration_ms,
            piece_cid=self.piece_cid,
            provider_id=stored.first.provider_id if stored else None,
            retrieval_url=stored.url if stored else url,
            ipfs_cid=pin.ipfs_cid if pin else None,
            pin_id=pin.pin_id if pin else None,
            data_set_id=stored.first.data_set_id if stored else None,
            piece_id=stored.first.piece_id if stored else None,
            copies=_copies_of(stored),
            written_at=written_at,
            error=self.error,
            staging_key=None if status is RowStatus.UPLOADED else self.ref.staging_key,
            ordered=_ordered(stored) if status is RowStatus.PROCESSING else None,
        )

    @classmethod
    def from_row(cls, row: ChunkRow) -> TrackedChunk:
        """Take up a chunk again whose row says that it is not confirmed."""
        ref = ChunkRef(
            **row.model_dump(include=set(ChunkRef.model_fields) - {"staging_key"}),
            staging_key=row.staging_key or "",
        )
        stored = None
        if row.piece_cid is not None and row.provider_id is not None:
            stored = StoredPiece(
                piece_cid=row.piece_cid,
                copies=_copies_under_way(row, row.provider_id, row.piece_cid),
                duration_ms=row.duration_ms,
            )
        pin = None
        if row.status is RowStatus.PINNED and row.ipfs_cid:
            pin = Pin(ipfs_cid=row.ipfs_cid, pin_id=row.pin_id or "", url=row.retrieval_url or "")
        parked = row.status not in (RowStatus.PROCESSING, RowStatus.UPLOADED)
        waits = ChunkPhase.RECEIVED if stored is None else ChunkPhase.STORED
        return cls(
            ref=ref,
            phase=ChunkPhase.PARKED if parked else waits,
            stored=stored,
            error=row.error,
            pin=pin,
            row=row.status,
            row_has_piece=row.piece_cid is not None,
            unordered=stored is not None and not parked,
        )

    def to_view(self) -> ChunkView:
        """Spell the chunk for the workflow's query."""
        stored = self.stored
        pin = None if stored else self.pin
        return ChunkView(
            **self.ref.model_dump(
                include={
                    "chunk_id",
                    "sequence",
                    "session_started_at_ms",
                    "started_at_ms",
                    "producer",
                    "size",
                    "participants",
                    "is_final",
                }
            ),
            phase=self.phase,
            ipfs_cid=pin.ipfs_cid if pin else None,
            retrieval_url=pin.url if pin else None,
            duration_ms=self.duration_ms,
            piece_cid=self.piece_cid,
            provider_id=stored.first.provider_id if stored else None,
            data_set_id=stored.first.data_set_id if stored else None,
            piece_id=stored.first.piece_id if stored else None,
            error=self.error,
        )


def _copies_of(stored: StoredPiece | None) -> tuple[RowCopy, ...]:
    confirmed = [copy for copy in stored.copies if copy.is_confirmed] if stored else []
    return tuple(RowCopy(**copy.model_dump()) for copy in confirmed)


def _ordered(stored: StoredPiece | None) -> str | None:
    return _COPIES.dump_json(stored.copies, exclude_none=True).decode() if stored else None


def _copies_under_way(row: ChunkRow, provider_id: int, piece_cid: str) -> list[Copy]:
    """Return the copies that were ordered; a row may be older than that it names them."""
    if row.ordered:
        return _COPIES.validate_json(row.ordered)
    base_url = (row.retrieval_url or "").removesuffix(piece_cid)
    return [Copy(provider_id=provider_id, base_url=base_url)]
