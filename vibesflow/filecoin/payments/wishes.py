"""What somebody wants to store, before it is known where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vibesflow.errors import InvalidInput
from vibesflow.filecoin.commit_request import MAX_COMMIT_PIECES
from vibesflow.filecoin.metadata import Metadata
from vibesflow.filecoin.payments.costs import Addition
from vibesflow.filecoin.payments.prices import billed_bytes, leaves_of
from vibesflow.filecoin.piece_cid import MAX_PIECE_BYTES, MIN_PIECE_BYTES

CDN_KEY = "withCDN"
"""Metadata key of data sets that pay for retrieval through the CDN."""


@dataclass(frozen=True, slots=True)
class StorageWish:
    """Pieces that are to be stored and paid for.

    Attributes:
        sizes: raw length of each piece in bytes.
        copies: how many providers shall hold them.
        provider_ids: those providers; empty to take those that hold a data set of the scope,
            and new ones for the other copies.
        scope: pairs that the data sets carry besides our `source`.
        runway_days: how long all payments shall be covered, besides the lockup period.
        pieces_per_commit: how many pieces one AddPieces holds, 1 to 40.

    Raises:
        InvalidInput: a piece has a size that no provider takes, or the numbers contradict.
    """

    sizes: tuple[int, ...]
    copies: int = 1
    provider_ids: tuple[int, ...] = ()
    scope: Metadata = ()
    runway_days: int = 0
    pieces_per_commit: int = MAX_COMMIT_PIECES

    def __post_init__(self) -> None:
        for size in set(self.sizes):
            if not MIN_PIECE_BYTES <= size <= MAX_PIECE_BYTES:
                raise InvalidInput(
                    f"a piece has {MIN_PIECE_BYTES} to {MAX_PIECE_BYTES} bytes, not {size}"
                )
        if self.copies < 1 or self.runway_days < 0:
            raise InvalidInput("at least one copy is stored, for no negative time")
        if self.provider_ids and len(self.provider_ids) != self.copies:
            raise InvalidInput("each copy needs a provider of its own")

    @property
    def with_cdn(self) -> bool:
        """New data sets pay for retrieval through the CDN."""
        return any(key == CDN_KEY for key, _ in self.scope)

    def additions(self, leaves_before: Sequence[int | None]) -> list[Addition]:
        """Return one addition for each copy, billed as the chain does.

        Args:
            leaves_before: for each copy what its data set holds; None if it has to be created.
        """
        added = sum(map(leaves_of, self.sizes))
        return [
            Addition(
                bytes_before=None if leaves is None else billed_bytes(leaves),
                bytes_after=billed_bytes((leaves or 0) + added),
                pieces=len(self.sizes),
                pieces_per_commit=self.pieces_per_commit,
                with_cdn=self.with_cdn,
            )
            for leaves in leaves_before
        ]
