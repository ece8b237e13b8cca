"""What is found out about a copy, and whether the copy counts."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from vibesflow.stream.chunk import CompactMessage
from vibesflow.stream.placement import Copy


class Fault(StrEnum):
    """What is wrong with a copy."""

    NO_BYTES = "no_bytes"
    """The provider answers that it does not hold the piece."""
    WRONG_BYTES = "wrong_bytes"
    """The provider serves bytes that are not the piece's."""
    NO_ANSWER = "no_answer"
    """The provider does not answer, or not with the piece; it may later."""
    SET_GONE = "set_gone"
    """The data set is not live on chain."""
    SET_ENDED = "set_ended"
    """The data set's service was terminated."""
    PROOF_OVERDUE = "proof_overdue"
    """The provider has not proven the data set within its deadline and the grace after it."""
    PIECE_GONE = "piece_gone"
    """The data set does not hold the piece, or is about to lose it."""


FAULTS_OF_PROVIDERS = frozenset(
    {Fault.NO_BYTES, Fault.WRONG_BYTES, Fault.NO_ANSWER, Fault.PROOF_OVERDUE}
)
"""Faults that speak against the provider; a set that a payer has ended does not."""


class Verdict(StrEnum):
    """Whether a copy counts."""

    GOOD = "good"
    BAD = "bad"
    DOUBTFUL = "doubtful"
    """Its provider was silent; it is asked again before the round ends."""


class CopyFound(CompactMessage):
    """A copy that was looked at; without a fault it is good."""

    provider_id: int
    base_url: str
    data_set_id: int
    piece_id: int
    fault: Fault | None = None

    def verdict(self, *, insist: bool) -> Verdict:
        """Judge the copy.

        Args:
            insist: silence has lasted too long, so it counts as a loss.
        """
        if self.fault is None:
            return Verdict.GOOD
        if self.fault is Fault.NO_ANSWER and not insist:
            return Verdict.DOUBTFUL
        return Verdict.BAD

    def to_copy(self) -> Copy:
        """Spell it as a copy that the chain has confirmed."""
        return Copy(**self.model_dump(include=set(Copy.model_fields)))


class PieceFound(CompactMessage):
    """A piece with every copy of it that was looked at.

    Attributes:
        chunk_id: the chunk, or empty for the stream's document.
    """

    chunk_id: str = ""
    piece_cid: str
    size: int
    copies: tuple[CopyFound, ...] = ()

    def good(self) -> list[CopyFound]:
        """The copies that have no fault."""
        return [copy for copy in self.copies if copy.fault is None]

    @property
    def avoided(self) -> list[int]:
        """The providers that are not to have the piece again while others will."""
        return sorted({c.provider_id for c in self.copies if c.fault in FAULTS_OF_PROVIDERS})

    def count(self, verdict: Verdict, *, insist: bool) -> int:
        """How many of the copies are judged so."""
        return sum(copy.verdict(insist=insist) is verdict for copy in self.copies)

    def needs_repair(self, wanted: int, *, insist: bool) -> bool:
        """Tell whether copies have to be made now.

        A doubtful copy is not replaced yet, and as long as there is no other to copy from, nothing
        can be done before it has had its time.
        """
        doubtful = self.count(Verdict.DOUBTFUL, insist=insist)
        good = self.count(Verdict.GOOD, insist=insist)
        return good + doubtful < wanted and (good > 0 or not doubtful)


def set_fault(
    *, live: bool, end_epoch: int, overdue_epochs: int, grace_epochs: int
) -> Fault | None:
    """Judge a data set by what the chain says of it.

    Args:
        live: PDPVerifier keeps it.
        end_epoch: when its service ends, 0 while nobody has terminated it.
        overdue_epochs: how long ago a proof was due that has not come; 0 if none is.
        grace_epochs: how late a proof may be.
    """
    if not live:
        return Fault.SET_GONE
    if end_epoch:
        return Fault.SET_ENDED
    return Fault.PROOF_OVERDUE if overdue_epochs > grace_epochs else None


def sets_with(pieces: Iterable[PieceFound], verdict: Verdict, *, insist: bool) -> set[int]:
    """Return the data sets in which a copy was judged so."""
    return {
        copy.data_set_id
        for piece in pieces
        for copy in piece.copies
        if copy.verdict(insist=insist) is verdict
    }
