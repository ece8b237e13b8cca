"""Sessions of a stream: one recorder's run of sequence numbers, from 0 (design rules 4 and 7)."""

from __future__ import annotations

from itertools import islice

from pydantic import BaseModel, Field

from vibesflow.stream.ranges import Ranges
from vibesflow.stream.status import SessionGap

NAMED_GAPS = 100
"""How many missing numbers are named one by one; the count is always exact."""


MOST_SPANS = 150
"""Runs of numbers that a running stream tells apart over all its sessions."""
MOST_SESSIONS = 24
"""Sessions that a running stream tells apart; the table remembers them all."""


class Session(BaseModel):
    """What has come of one (session start, producer).

    Attributes:
        blurred_missing: how many numbers are missing in gaps that are no longer told apart.
        final_sequence: number of the chunk that bore the final marker.
        closed: a completion has already answered the final marker, so it triggers no other.
    """

    started_at_ms: int
    producer: str = ""
    received: Ranges = Field(default_factory=Ranges)
    final_sequence: int | None = None
    closed: bool = False
    blurred_missing: int = 0
    blurred_to: int = -1

    def blur(self) -> None:
        """Forget where the lowest gap is; how many numbers it lacks stays known."""
        self.blurred_to, missing = self.received.blur()
        self.blurred_missing += missing

    def receive(self, sequence: int, *, is_final: bool) -> None:
        """Note a received chunk; a later final marker of the same session wins."""
        if sequence <= self.blurred_to and self.blurred_missing:
            self.blurred_missing -= 1
        self.received.add(sequence)
        if is_final and (self.final_sequence is None or sequence > self.final_sequence):
            self.final_sequence = sequence
            self.closed = False

    @property
    def has_all(self) -> bool:
        """Every number up to the final marker has been received."""
        if self.final_sequence is None or self.blurred_missing:
            return False
        return self.received.covers(self.final_sequence)

    @property
    def gap(self) -> SessionGap | None:
        """The numbers that are missing below the highest known one, or None."""
        last = max(self.received.highest or 0, self.final_sequence or 0)
        spans = list(self.received.gaps(last))
        if not spans and not self.blurred_missing:
            return None
        numbers = (number for first, end in spans for number in range(first, end + 1))
        return SessionGap(
            session_started_at_ms=self.started_at_ms,
            producer=self.producer,
            missing=tuple(islice(numbers, NAMED_GAPS)),
            missing_count=self.blurred_missing + sum(end - first + 1 for first, end in spans),
        )


class Sessions(BaseModel):
    """All sessions of a stream, in stream order."""

    items: list[Session] = Field(default_factory=list)
    dropped_to_ms: int = -1
    """Sessions that began until then may have been dropped from the list."""

    def may_have(self, started_at_ms: int, producer: str, sequence: int) -> bool:
        """Tell whether a number has come, or may have come as far as is still known here."""
        for session in self.items:
            if (session.started_at_ms, session.producer) == (started_at_ms, producer):
                return sequence in session.received
        return started_at_ms <= self.dropped_to_ms

    def receive(self, started_at_ms: int, producer: str, sequence: int, *, is_final: bool) -> None:
        """Note a received chunk, and stay small: detail is dropped before anything grows."""
        is_known = any(
            (s.started_at_ms, s.producer) == (started_at_ms, producer) for s in self.items
        )
        if not is_known and started_at_ms <= self.dropped_to_ms:
            return
        self.of(started_at_ms, producer).receive(sequence, is_final=is_final)
        self.compact()

    def compact(self) -> None:
        """Drop the oldest sessions, those first that are done, and tell fewer gaps apart."""
        while len(self.items) > MOST_SESSIONS:
            done = [s for s in self.items[:-1] if s.closed or (s.has_all and not s.gap)]
            oldest = (done or self.items)[0]
            self.items.remove(oldest)
            self.dropped_to_ms = max(self.dropped_to_ms, oldest.started_at_ms)
        while sum(len(s.received.spans) for s in self.items) > MOST_SPANS:
            max(self.items, key=lambda s: len(s.received.spans)).blur()

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
