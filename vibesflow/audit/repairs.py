"""Copies that are being made anew, from the order until the chain has them."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import BaseModel, Field

from vibesflow.audit.verdicts import PieceFound
from vibesflow.data_set.orders import PiecesCommitted, PiecesRefused
from vibesflow.stream.placement import Copy, StoredPiece


class Repair(BaseModel):
    """A piece that lacks copies.

    Attributes:
        chunks: the chunks whose bytes it is; empty for a document.
        stored: its good copies and those that were ordered; None while it has neither.
        avoid: providers that have lost the piece, or will not take it.
        is_lost: neither a provider nor staging holds its bytes.
    """

    piece_cid: str
    size: int
    wanted: int
    chunks: list[str] = Field(default_factory=list)
    stored: StoredPiece | None = None
    avoid: list[int] = Field(default_factory=list)
    is_lost: bool = False

    @property
    def is_safe(self) -> bool:
        """The chain has as many good copies as are wanted."""
        return self.stored is not None and self.stored.confirmed >= self.wanted

    @property
    def is_waiting(self) -> bool:
        """A copy was ordered that the chain does not have yet."""
        return self.stored is not None and any(not c.is_confirmed for c in self.stored.copies)

    @property
    def confirmed(self) -> list[Copy]:
        """The copies that the chain has."""
        return [copy for copy in self.stored.copies if copy.is_confirmed] if self.stored else []


class Repairs(BaseModel):
    """The repairs under way, by PieceCID.

    News of a copy may come before the step that ordered it has ended, so they are kept until then.
    """

    items: dict[str, Repair] = Field(default_factory=dict)
    early: list[PiecesCommitted] = Field(default_factory=list)
    refused: list[PiecesRefused] = Field(default_factory=list)

    @classmethod
    def of(cls, pieces: Iterable[PieceFound], *, wanted: int) -> Repairs:
        """Begin with what was found; several chunks with the same bytes are one piece."""
        repairs = cls()
        for piece in pieces:
            good = [copy.to_copy() for copy in piece.good()]
            repair = repairs.items.setdefault(
                piece.piece_cid,
                Repair(
                    piece_cid=piece.piece_cid,
                    size=piece.size,
                    wanted=wanted,
                    stored=_stored(piece.piece_cid, good, wanted),
                    avoid=piece.avoided,
                ),
            )
            if piece.chunk_id:
                repair.chunks.append(piece.chunk_id)
        return repairs

    def begin_try(self) -> None:
        """Copies are about to be ordered again; refusals of earlier orders do not concern them."""
        self.refused.clear()

    def note_unserved(self, piece_cid: str, provider_id: int) -> None:
        """A provider does not serve the copy that the chain says it has."""
        repair = self.items[piece_cid]
        repair.avoid = sorted({*repair.avoid, provider_id})
        left = [copy for copy in repair.confirmed if copy.provider_id != provider_id]
        repair.stored = _stored(piece_cid, left, repair.wanted)

    def note_ordered(self, stored: StoredPiece) -> None:
        """Copies of a piece were ordered."""
        if stored.piece_cid in self.items:
            self.items[stored.piece_cid].stored = stored.model_copy(deep=True)
        self._apply()

    def note_lost(self, piece_cid: str) -> None:
        """Nobody holds the piece's bytes."""
        self.items[piece_cid].is_lost = True

    def note_committed(self, news: PiecesCommitted) -> None:
        """The chain has copies at a provider; the same news may come twice."""
        self.early.append(news)
        self._apply()

    def note_refused(self, news: PiecesRefused) -> None:
        """A provider will not do for some pieces."""
        self.refused.append(news)
        self._apply()

    def _apply(self) -> None:
        for committed in self.early:
            for cid, piece_id in committed.pieces.items():
                repair = self.items.get(cid)
                if repair is not None and repair.stored is not None:
                    repair.stored.note_committed(
                        committed.provider_id, committed.data_set_id, piece_id
                    )
        for refusal in self.refused:
            for cid in refusal.pieces:
                if cid in self.items:
                    _drop(self.items[cid], refusal.provider_id)

    @property
    def confirmed(self) -> set[tuple[str, int]]:
        """PieceCID and provider of every copy that the chain has."""
        return {(r.piece_cid, c.provider_id) for r in self.items.values() for c in r.confirmed}

    @property
    def open(self) -> list[Repair]:
        """The repairs that lack a copy and can get one."""
        return [r for r in self.items.values() if not (r.is_safe or r.is_lost)]

    @property
    def is_waiting(self) -> bool:
        """At least one ordered copy is not on chain and was not refused."""
        return any(repair.is_waiting for repair in self.items.values())


def _drop(repair: Repair, provider_id: int) -> None:
    if repair.stored is None:
        return
    waiting = [c for c in repair.stored.copies if not c.is_confirmed]
    if any(copy.provider_id == provider_id for copy in waiting):
        repair.stored = repair.stored.without(provider_id)
        repair.avoid = sorted({*repair.avoid, provider_id})


def _stored(piece_cid: str, good: list[Copy], wanted: int) -> StoredPiece | None:
    return StoredPiece(piece_cid=piece_cid, wanted=wanted, copies=good) if good else None
