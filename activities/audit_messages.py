"""What the audit's activities take and give."""

from __future__ import annotations

from pydantic import Field

from vibesflow.audit.repairs import Repair
from vibesflow.audit.report import Figures, LeftoverFigures
from vibesflow.audit.verdicts import PieceFound
from vibesflow.stream.chunk import CompactMessage
from vibesflow.stream.placement import StoredPiece
from vibesflow.stream.records import CopyMove

MOST_LACKING = 16
"""Pieces that one slice may name: keeps payloads under 16 KiB."""


class ListStreams(CompactMessage):
    """Ask for the next completed streams, newest first."""

    cursor: str | None = None
    limit: int = Field(ge=1, le=100)


class StreamsListed(CompactMessage):
    """Ids of streams; without a cursor these were the last."""

    streams: tuple[str, ...] = ()
    cursor: str | None = None


class CheckStream(CompactMessage):
    """Look at a slice of a stream's pieces.

    Attributes:
        round_id, share: which pieces are in the sample.
        only_sets: look at all pieces of these data sets instead.
        after: chunk id behind which the slice begins; None for the document and the first chunks.
        insist: providers that are silent have lost what they hold.
    """

    rta_id: str
    round_id: str
    share: float = 1.0
    only_sets: tuple[int, ...] = ()
    after: str | None = None
    insist: bool = False


class StreamChecked(CompactMessage):
    """What was found in a slice.

    Attributes:
        lacking: pieces that need further copies now.
        bad_sets, doubtful_sets: data sets with copies that were judged so.
        after: where the next slice begins; None after the last.
        is_known: the table has the stream.
        wanted: copies that make a piece safe.
    """

    figures: Figures = Figures()
    lacking: tuple[PieceFound, ...] = ()
    bad_sets: tuple[int, ...] = ()
    doubtful_sets: tuple[int, ...] = ()
    after: str | None = None
    is_known: bool = True
    wanted: int = 1


class RepairPieces(CompactMessage):
    """Order the copies that pieces lack; ``reply_to`` is the workflow that is told of them."""

    rta_id: str
    reply_to: str
    pieces: tuple[Repair, ...] = Field(max_length=MOST_LACKING)


class PiecesOrdered(CompactMessage):
    """The pieces with all copies that they have or that were ordered, and those that are lost."""

    ordered: tuple[StoredPiece, ...] = ()
    lost: tuple[str, ...] = ()


class VerifyCopies(CompactMessage):
    """Read copies that were just made."""

    pieces: tuple[PieceFound, ...] = Field(max_length=MOST_LACKING)


class CopiesVerified(CompactMessage):
    """The providers that do not serve their copy, by PieceCID."""

    unserved: dict[str, list[int]] = Field(default_factory=dict)


class MoveCopies(CompactMessage):
    """Write down where the copies of chunks are now."""

    rta_id: str
    moves: tuple[CopyMove, ...]


class ConcludeStream(CompactMessage):
    """Write down how a stream's audit came out; ``moved``: its copies are elsewhere now."""

    rta_id: str
    at: str
    result: str
    moved: bool = False


class SweepStaging(CompactMessage):
    """Look at staged bytes that are older than a time, of one stream or of all."""

    rta_id: str = ""
    after: str | None = None
    limit: int = Field(ge=1, le=1_000)
    older_than_s: float = Field(ge=0)


class StagingSwept(CompactMessage):
    """What became of them; ``unknown`` names some of those that nobody can tell the use of."""

    figures: LeftoverFigures = LeftoverFigures()
    unknown: tuple[str, ...] = ()
    after: str | None = None
