"""What data sets say of pieces whose copies are being ordered at that very moment."""

from __future__ import annotations

from collections.abc import Collection

from pydantic import BaseModel, Field

from vibesflow.stream.placement import StoredPiece


class Meanwhile(BaseModel):
    """News that overtake the answer to an order; that answer does not know of them.

    Attributes:
        is_ordering: an order is under way; news are not kept otherwise.
        postponed: PieceCIDs that a data set put off.
        refused: provider ids that will not do, by PieceCID.
    """

    is_ordering: bool = False
    postponed: list[str] = Field(default_factory=list)
    refused: dict[str, list[int]] = Field(default_factory=dict)

    def begin(self) -> None:
        """Keep news from now on."""
        self.is_ordering, self.postponed, self.refused = True, [], {}

    def note_postponed(self, pieces: Collection[str]) -> None:
        """A data set has no room for these now."""
        if self.is_ordering:
            self.postponed.extend(pieces)

    def note_refused(self, provider_id: int, pieces: Collection[str]) -> None:
        """A provider will not do for these."""
        for piece in pieces if self.is_ordering else ():
            self.refused.setdefault(piece, []).append(provider_id)

    def corrected(self, placed: StoredPiece, known: StoredPiece) -> StoredPiece:
        """Return what was ordered without the copies refused since; ``known`` if none is left."""
        left: StoredPiece | None = placed.model_copy(deep=True)
        for provider_id in self.refused.get(placed.piece_cid, ()):
            left = left.without(provider_id) if left else None
        return left or known
