"""What a stream asks of a data set, and what it hears back."""

from __future__ import annotations

from pydantic import Field

from vibesflow.data_set.place import CommitSent, LastBatch, Place
from vibesflow.stream.chunk import CompactMessage

Pairs = tuple[tuple[str, str], ...]


class PieceOrder(CompactMessage):
    """Put this piece on chain at your provider and tell me.

    Attributes:
        size: bytes of the payload.
        rta_id: the stream that waits; its workflow is told.
        source_url: where the provider can fetch the piece; empty when it holds it already.
        metadata: at most three pairs kept on chain with the piece.
        urgent: the stream will complete once this is confirmed, so lingering helps nobody when
            all who wait say so.
        patient: nobody waits for this piece (a document), so it holds up no other's haste.
        reply_to: workflow id to tell instead of the stream's; it has a slash, as no stream id has.
        order_id: what a refusal names, so that nobody takes it for one of a later order.
    """

    piece_cid: str
    size: int
    rta_id: str
    source_url: str = ""
    metadata: Pairs = ()
    urgent: bool = False
    patient: bool = False
    reply_to: str = ""
    order_id: str = ""

    @property
    def waits(self) -> str:
        """Who is told: a stream by its id, anybody else by a workflow id."""
        return self.reply_to or self.rta_id


class PiecesCommitted(CompactMessage):
    """The chain has the pieces: ids by PieceCID.

    ``base_url``: where the provider serves pieces, the PieceCID follows; empty if not known.
    """

    provider_id: int
    data_set_id: int
    pieces: dict[str, int]
    base_url: str = ""


class PiecesRefused(CompactMessage):
    """The provider will not do for these pieces; another must be found.

    ``dropped``: it had them and does not any more, so nobody can pull them from it. ``orders``: the
    newest order of each piece that it has seen, in their order; from older data sets, nothing.
    """

    provider_id: int
    pieces: tuple[str, ...]
    reason: str
    dropped: bool = False
    orders: tuple[str, ...] = ()

    def order_of(self, piece_cid: str) -> str | None:
        """The newest order of the piece that was refused; None if nobody knows."""
        return dict(zip(self.pieces, self.orders, strict=False)).get(piece_cid)


class PiecesPostponed(CompactMessage):
    """More wait here than can be kept in mind; order these pieces again after a while."""

    provider_id: int
    pieces: tuple[str, ...]


class CommitDelayed(CompactMessage):
    """Commits at a provider wait for something that only a person can change."""

    provider_id: int
    reason: str


class DataSetStatus(CompactMessage):
    """Answer of the data set's ``status`` query.

    Attributes:
        waiting, committing, committed: pieces, and ``batches`` of them on chain.
        paused: what only a person can change.
        place: the provider, once it has been looked up.
        sent: the transaction that is waited for.
        last: the newest batch on chain.
        given_up: batches that failed for good and may land all the same.
    """

    provider_id: int
    scope: Pairs = ()
    data_set_id: int | None = None
    waiting: int = 0
    committing: int = 0
    committed: int = 0
    batches: int = 0
    paused: str | None = None
    streams: tuple[str, ...] = Field(default=())
    place: Place | None = None
    committing_bytes: int = 0
    sent: CommitSent | None = None
    last: LastBatch | None = None
    given_up: int = 0
