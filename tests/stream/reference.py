"""What a stream must come to, said anew in a few lines: the model that the code is held to.

It knows a world in which every step takes no time, so it needs no phases, rows or signals: only
what was received, when, and the rules of completion.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from vibesflow.stream.chunk import ChunkRef


@dataclass
class Recording:
    """One session of one producer."""

    numbers: set[int] = field(default_factory=set)
    final: int | None = None
    answered: bool = False

    @property
    def is_whole(self) -> bool:
        return self.final is not None and self.numbers >= set(range(self.final + 1))


@dataclass
class Reference:
    """Attributes:

    stands: chunks by key, the first bytes of each.
    missing: keys whose bytes cannot be stored for now.
    versions: for each version, when it came and which of its chunks were stored.
    """

    window_ms: int
    stands: dict[str, ChunkRef] = field(default_factory=dict)
    missing: set[str] = field(default_factory=set)
    recordings: dict[tuple[int, str], Recording] = field(default_factory=dict)
    versions: list[tuple[int, frozenset[str]]] = field(default_factory=list)
    last_receipt_ms: int = 0
    known: frozenset[tuple[str, bool]] = frozenset()
    """Chunks and whether they were stored, as the newest version has them."""

    def receive(self, chunk: ChunkRef, now_ms: int) -> None:
        self.last_receipt_ms = now_ms
        if chunk.key not in self.stands:
            self.stands[chunk.key] = chunk
            recording = self._recording(chunk)
            recording.numbers.add(chunk.sequence)
            if chunk.is_final and chunk.sequence > (
                -1 if recording.final is None else recording.final
            ):
                recording.final, recording.answered = chunk.sequence, False
        self._complete_if(now_ms, by_hand=False)

    def retry(self, now_ms: int) -> None:
        """The missing bytes are back and are asked for; a run that has ended completes at once."""
        over = self._have == self.known or self._is_due(now_ms)
        self.missing = set()
        self._complete_if(now_ms, by_hand=over)

    def by_hand(self, now_ms: int) -> None:
        self._complete_if(now_ms, by_hand=True)

    def pass_time(self, now_ms: int, until_ms: int) -> None:
        due_ms = self.last_receipt_ms + self.window_ms
        if self.stands and now_ms < due_ms <= until_ms:
            self._complete_if(due_ms, by_hand=False)

    @property
    def gaps(self) -> dict[tuple[int, str], list[int]]:
        found = {}
        for name, recording in self.recordings.items():
            highest = max(*recording.numbers, recording.final or 0, 0)
            absent = [n for n in range(highest) if n not in recording.numbers]
            if absent:
                found[name] = absent
        return found

    @property
    def _have(self) -> frozenset[tuple[str, bool]]:
        return frozenset((key, key not in self.missing) for key in self.stands)

    def _is_due(self, now_ms: int) -> bool:
        whole = any(r.is_whole and not r.answered for r in self.recordings.values())
        return whole or now_ms >= self.last_receipt_ms + self.window_ms

    def _complete_if(self, now_ms: int, *, by_hand: bool) -> None:
        stored = frozenset(key for key, is_stored in self._have if is_stored)
        if stored and self._have != self.known and (by_hand or self._is_due(now_ms)):
            self.known = self._have
            self.versions.append((now_ms, stored))
            for recording in self.recordings.values():
                recording.answered = recording.answered or recording.is_whole

    def _recording(self, chunk: ChunkRef) -> Recording:
        name = (chunk.session_started_at_ms, chunk.producer)
        return self.recordings.setdefault(name, Recording())
