"""What is asked of a commit, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from vibesflow.errors import InvalidInput
from vibesflow.filecoin.metadata import (
    MAX_DATA_SET_KEYS,
    MAX_PIECE_KEYS,
    Metadata,
    check_metadata,
)
from vibesflow.filecoin.piece_cid import PieceCid

MAX_COMMIT_PIECES = 40
"""Most pieces that one AddPieces may hold (Curio PDP API)."""


@dataclass(frozen=True, slots=True)
class PieceToAdd:
    """A stored piece that is to go on chain.

    Attributes:
        piece_cid: PieceCID v2 in text form.
        metadata: at most three pairs that are kept on chain with the piece.

    Raises:
        InvalidPieceCid: the CID does not parse.
        InvalidInput: the metadata exceed what the contract takes.
    """

    piece_cid: str
    metadata: Metadata = ()

    def __post_init__(self) -> None:
        PieceCid.parse(self.piece_cid)
        check_metadata(self.metadata, max_keys=MAX_PIECE_KEYS)

    @property
    def cid_bytes(self) -> bytes:
        """The CID as it is signed and kept on chain."""
        return PieceCid.parse(self.piece_cid).to_bytes()


@dataclass(frozen=True, slots=True)
class CommitRequest:
    """Pieces that go on chain together, at most once.

    Attributes:
        provider_id: the provider that stores the pieces.
        nonce: random uint256, chosen once by the caller and the same at every retry; the chain
            takes it only once, which is what makes retries safe.
        pieces: 1 to 40; a CID given twice is added once.
        scope: pairs that the data set carries besides our `source`. It is the one whose pairs
            are exactly these, in any order, and is created if there is none.

    Raises:
        InvalidInput: no pieces, too many, a nonce that is no uint256, or pairs that the contract
            would not take.
    """

    provider_id: int
    nonce: int
    pieces: tuple[PieceToAdd, ...]
    scope: Metadata = ()

    def __post_init__(self) -> None:
        if not 1 <= len(self.pieces) <= MAX_COMMIT_PIECES:
            raise InvalidInput(
                f"a commit holds 1 to {MAX_COMMIT_PIECES} pieces, not {len(self.pieces)}"
            )
        if not 0 <= self.nonce < 2**256:
            raise InvalidInput("a commit's nonce is an unsigned integer of 256 bits")
        check_metadata(self.scope, max_keys=MAX_DATA_SET_KEYS - 1)

    @property
    def distinct_pieces(self) -> tuple[PieceToAdd, ...]:
        """The pieces without repeated CIDs; the first one's metadata stand."""
        first: dict[str, PieceToAdd] = {}
        for piece in self.pieces:
            first.setdefault(piece.piece_cid, piece)
        return tuple(first.values())


@dataclass(frozen=True, slots=True)
class Submitted:
    """A commit that is on its way.

    Attributes:
        tx_hash: the provider's transaction, under which its status is asked for; empty when
            nothing had to be sent, because the chain holds all pieces already.
        data_set_id: None while the transaction also creates the data set.
    """

    tx_hash: str
    data_set_id: int | None


@dataclass(frozen=True, slots=True)
class Committed:
    """A commit that stands on chain.

    Attributes:
        data_set_id: the set that holds the pieces.
        piece_ids: ids inside the set, aligned with the request's pieces.
        tx_hash: the transaction that landed, if known; show this one to people.
    """

    data_set_id: int
    piece_ids: tuple[int, ...]
    tx_hash: str | None = field(default=None)


@dataclass(frozen=True, slots=True)
class Landed:
    """What came of a nonce that the chain has taken.

    Attributes:
        data_set_id: the set that the commit went to.
        piece_ids: ids of those of the request's pieces that the set holds, by PieceCID; all of
            them, if the commit that landed was just this one.
    """

    data_set_id: int
    piece_ids: dict[str, int]


class PullState(StrEnum):
    """How far the copy of one piece is.

    ``UNPUBLISHED``: the provider calls it complete and cannot find it: not yet, or no more.
    """

    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    RETRYING = "retrying"
    UNPUBLISHED = "unpublished"
    COMPLETE = "complete"
    FAILED = "failed"

    @property
    def settled(self) -> bool:
        """Asking again would change nothing."""
        return self in {PullState.COMPLETE, PullState.FAILED}
