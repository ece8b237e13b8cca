"""What a round found and did: carried through the round, shown to people, kept with streams."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, Field

from vibesflow.audit.leftovers import Leftover
from vibesflow.stream.chunk import CompactMessage

NAMED_PROBLEMS = 20
"""How many problems are named; all of them are counted."""


class StreamHealth(StrEnum):
    """How a stream came out of its last audit; kept in the table."""

    GOOD = "good"
    """All that was looked at has its copies."""
    REPAIRED = "repaired"
    """Copies were missing or bad, and were made anew."""
    SHORT = "short"
    """At least one piece has fewer good copies than wanted; the next round tries again."""
    LOST = "lost"
    """At least one piece has no good copy at all, and its bytes are not in staging."""


class Figures(CompactMessage):
    """Counts of what was looked at and done; they add up.

    Attributes:
        pieces: pieces that were looked at.
        copies: copies that were looked at, ``good`` of which were good.
        bad: copies that count as lost; ``doubtful`` ones had a silent provider.
        read_bytes: bytes that were read and agreed with their PieceCID.
        repaired: pieces that got their copies back.
        short: pieces that still have too few; ``lost`` ones have none left anywhere.
    """

    pieces: int = 0
    copies: int = 0
    good: int = 0
    bad: int = 0
    doubtful: int = 0
    read_bytes: int = 0
    repaired: int = 0
    short: int = 0
    lost: int = 0

    def __add__(self, other: Figures) -> Figures:
        return Figures(
            **{name: getattr(self, name) + getattr(other, name) for name in Figures.model_fields}
        )

    @property
    def health(self) -> StreamHealth:
        """What the figures of a stream say about it."""
        if self.lost:
            return StreamHealth.LOST
        if self.short:
            return StreamHealth.SHORT
        return StreamHealth.REPAIRED if self.repaired else StreamHealth.GOOD


class LeftoverFigures(CompactMessage):
    """What became of staged bytes that were old enough to ask about."""

    kept: int = 0
    released: int = 0
    adopted: int = 0
    unknown: int = 0

    def plus(self, what: Leftover, count: int = 1) -> LeftoverFigures:
        """Return the figures with some more."""
        return self.model_copy(update={what.value: getattr(self, what.value) + count})

    def __add__(self, other: LeftoverFigures) -> LeftoverFigures:
        fields = LeftoverFigures.model_fields
        return LeftoverFigures(**{n: getattr(self, n) + getattr(other, n) for n in fields})


class Phase(StrEnum):
    """What a round is doing."""

    SAMPLING = "sampling"
    WIDENING = "widening"
    """A copy was bad, so all pieces of its data set are looked at."""
    WAITING = "waiting"
    """A provider is silent; it gets time to come back."""
    INSISTING = "insisting"
    """The data sets of providers that are still silent are looked at once more."""
    SWEEPING = "sweeping"
    """Staged leftovers are looked at."""
    DONE = "done"


class AuditReport(BaseModel):
    """A round as far as it is; the answer of its ``status`` query, and its result.

    Attributes:
        rta_id: the one stream it is about; empty for all.
        streams: streams that were looked at, each once a pass; ``failed`` ones could not be.
        widened: data sets whose pieces were all looked at.
        problems: what a person should know, the first ones in words.
    """

    round_id: str
    rta_id: str = ""
    share: float = 1.0
    started_at: str = ""
    ended_at: str = ""
    phase: Phase = Phase.SAMPLING
    streams: int = 0
    figures: Figures = Figures()
    failed: int = 0
    widened: list[int] = Field(default_factory=list)
    leftovers: LeftoverFigures = LeftoverFigures()
    problems: list[str] = Field(default_factory=list)

    def note(self, problem: str) -> None:
        """Name a problem unless it, or very many others, are named already."""
        if len(self.problems) < NAMED_PROBLEMS and problem not in self.problems:
            self.problems.append(problem[:300])

    @property
    def is_healthy(self) -> bool:
        """Every piece that was looked at has its copies now."""
        return not (self.figures.short or self.figures.lost or self.failed)
