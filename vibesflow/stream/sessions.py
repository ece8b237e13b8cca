"""Sessions of a stream: one recorder's run of sequence numbers, from 0 (design rules 4 and 7)."""

from __future__ import annotations

from itertools import islice

from pydantic import BaseModel, Field

from vibesflow.stream.ranges import Ranges
from vibesflow.stream.status import SessionGap

NAMED_GAPS = 100
"""How many missing numbers are named one by one; the count is always exact."""


class Session(BaseModel):
    """What has come of one (session start, producer).

    Attributes:
        final_sequence: number of the chunk that bore the final marker.
        closed: a completion has already answered the final marker, so it triggers no other.
    """

    started_at_ms: int
    producer: str = ""
    received: Ranges = Field(default_factory=Ranges)
    final_sequence: int | None = None
    closed: bool = False

    def receive(self, sequence: int, *, is_final: bool) -> None:
        """Note a received chunk; a later final marker of the same session wins."""
        self.received.add(sequence)
        if is_final and (self.final_sequence is None or sequence > self.final_sequence):
            self.final_sequence = sequence
            self.closed = False

    @property
    def has_all(self) -> bool:
        """Every number up to the final marker has been received."""
        return self.final_sequence is not None and self.received.covers(self.final_sequence)

    @property
    def gap(self) -> SessionGap | None:
        """The numbers that are missing below the highest known one, or None."""
        last = max(self.received.highest or 0, self.final_sequence or 0)
        spans = list(self.received.gaps(last))
        if not spans:
            return None
        numbers = (number for first, end in spans for number in range(first, end + 1))
        return SessionGap(
            session_started_at_ms=self.started_at_ms,
            producer=self.producer,
            missing=tuple(islice(numbers, NAMED_GAPS)),
            missing_count=sum(end - first + 1 for first, end in spans),
        )


class Sessions(BaseModel):
    """All sessions of a stream, in stream order."""

    items: list[Session] = Field(default_factory=list)

    def of(self, started_at_ms: int, producer: str) -> Session:
        """Return the session, made on first use."""
        for session in self.items:
            if (session.started_at_ms, session.producer) == (started_at_ms, producer):
                return session
        session = Session(started_at_ms=started_at_ms, producer=producer)
        self.items.append(session)
        self.items.sort(key=lambda item: (item.started_at_ms, item.producer))
        return session

    @property
    def gaps(self) -> tuple[SessionGap, ...]:
        """What is missing, session by session."""
        return tuple(gap for session in self.items if (gap := session.gap))

    @property
    def final_is_due(self) -> bool:
        """A session is whole up to its final marker and no completion has answered it yet."""
        return any(session.has_all and not session.closed for session in self.items)

    def close_finals(self) -> None:
        """Mark the final markers that a completion has answered."""
        for session in self.items:
            session.closed = session.closed or session.has_all
