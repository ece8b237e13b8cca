"""What data sets say of pieces whose copies are being ordered at that very moment."""

from __future__ import annotations

from collections.abc import Collection

from pydantic import BaseModel, Field


class Meanwhile(BaseModel):
    """News that overtake the answer to an order; that answer does not know of them.

    Whether the order came to the data set before it said so or after, nobody can tell: it may
    hold the piece now, or nothing. So the piece is ordered once more, at the same providers; a
    data set takes a piece once, and one that will not do says so again.

    Attributes:
        is_ordering: an order is under way; news are not kept otherwise.
        unsure: PieceCIDs that a data set put off or refused.
    """

    is_ordering: bool = False
    unsure: list[str] = Field(default_factory=list)

    def begin(self) -> None:
        """Keep news from now on."""
        self.is_ordering, self.unsure = True, []

    def end(self) -> None:
        """The answer is here; it is corrected by what was kept."""
        self.is_ordering = False

    def note(self, pieces: Collection[str]) -> None:
        """A data set put these off, or refused them."""
        if self.is_ordering:
            self.unsure.extend(pieces)
