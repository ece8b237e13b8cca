"""Documents that are stored and wait for the chain."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, model_validator

from vibesflow.stream.placement import StoredPiece


class StoredDocument(BaseModel):
    """A version's document at its providers.

    Attributes:
        unordered: a data set had no room for it, so it has to be ordered again.
        first_provider_id: where it was brought first, which the table names as the stream's
            provider and the chain keeps with the piece, whatever becomes of that copy.
    """

    version: int
    size: int
    stored: StoredPiece
    unordered: bool = False
    first_provider_id: int | None = None

    @model_validator(mode="after")
    def _remember_first(self) -> Self:
        if self.first_provider_id is None:
            self.first_provider_id = self.stored.copies[0].provider_id
        return self
