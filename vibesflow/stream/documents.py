"""Documents that are stored and wait for the chain."""

from __future__ import annotations

from pydantic import BaseModel

from vibesflow.stream.placement import StoredPiece


class StoredDocument(BaseModel):
    """A version's document at its providers."""

    version: int
    size: int
    stored: StoredPiece
