"""Where a data set is kept, and how its newest commit stands: what an operator wants to know."""

from __future__ import annotations

from vibesflow.stream.chunk import CompactMessage

COMMIT_SENT = "commit_sent"
"""Signal by which a data set's workflow hears of a transaction that is under way."""


class Place(CompactMessage):
    """A data set's provider as the registry describes it, and why it was chosen.

    Attributes:
        name, address, url: of the provider.
        region: in its own words.
        capacity: what it announces, in its own words; mostly nothing.
        approved: the storage service approves it.
        endorsed: it is endorsed as a place for first copies.
        data_set_id: the set that was found there and is used again; None if one is to be created.
        pieces_url: address that pieces are served under; the PieceCID follows.
    """

    provider_id: int
    name: str = ""
    address: str = ""
    url: str = ""
    region: str = ""
    capacity: str = ""
    approved: bool = False
    endorsed: bool = False
    data_set_id: int | None = None
    pieces_url: str = ""


class CommitSent(CompactMessage):
    """A batch's transaction is under way.

    Attributes:
        nonce: hex of the batch's number, so that late news of an older batch are passed over.
        tx_hash: the transaction; empty when the chain had everything already.
        data_set_id: None while the transaction also creates the data set.
    """

    nonce: str
    tx_hash: str = ""
    data_set_id: int | None = None


class LastBatch(CompactMessage):
    """A batch that stands on chain."""

    pieces: int
    size_bytes: int
    tx_hash: str | None = None
    committed_at: str = ""
