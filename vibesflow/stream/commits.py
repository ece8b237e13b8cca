"""Which stored pieces go on chain together, and what waits meanwhile."""

from __future__ import annotations

from pydantic import BaseModel, Field

BATCH_PIECES = 40
"""Most pieces that one AddPieces may hold (Curio PDP API)."""


class StoredDocument(BaseModel):
    """A document that a provider holds and the chain does not know yet."""

    version: int
    piece_cid: str
    provider_id: int


class CommitBatch(BaseModel):
    """Pieces of one provider that are committed by one AddPieces.

    Attributes:
        nonce: hex of the uint256 that makes the commit happen at most once on chain; it stays
            the same however often the commit is tried (fact: one replay map per payer).
        pieces: distinct PieceCIDs in the order sent.
    """

    provider_id: int
    nonce: str
    pieces: list[str] = Field(max_length=BATCH_PIECES)
